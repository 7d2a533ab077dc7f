import { expect, test } from 'bun:test';
import { noTerminal, openTerminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import { tunOpens } from './demo.ts';
import { makeCheckout, noCheckout } from './testing/checkout.ts';

const missing = noCheckout() ?? noTerminal();
const rows = 3000;
const mvirt = ['npm', 'run', '-s', 'mvirt', '--'];

test.skipIf(missing !== null)(
  `with a terminal: the UI, a second terminal, an agent killed by -9 while the guest prints, and q${missing === null ? '' : ` (${missing})`}`,
  async () => {
    await using checkout = makeCheckout();
    await using terminal = await openTerminal({ argv: ['npm', 'start'], cwd: checkout.path, columns: 110 });
    await terminal.until('TINY-READY host=mvirt', { timeoutMs: 45_000 });
    await terminal.until(/● demo +running/);

    const listed = await checkout.run([...mvirt, 'list'], { folder: 'docs' });
    expect(listed.text).toMatch(/^demo +[0-9a-f]{8} +running /m);
    const elsewhere = await checkout.run(['npm', '--prefix', checkout.path, 'run', '-s', 'mvirt', '--', 'get', 'demo', '--json'], { folder: '../' });
    const before = JSON.parse(elsewhere.text) as { vm: { pid: number; startedAt: string } };

    const XDG_STATE_HOME = `${checkout.path}/tmp/state`;
    if (tunOpens()) {
      expect(await checkout.run([...mvirt, 'wait', 'demo', 'ssh'])).toMatchObject({ status: 0 });
      const reached = await checkout.run([...mvirt, 'ssh', 'demo', '--', 'echo "by ssh $((40+2))"; exit 7'], { env: { XDG_STATE_HOME } });
      expect(reached).toEqual({ status: 7, text: 'by ssh 42\n' });
    } else console.log('/dev/net/tun does not open here: demo has no NIC and no ssh');

    // Typing goes to the guest's console once it has the focus.
    await terminal.keys('Enter');
    await terminal.until('keys go to demo');
    await terminal.type(`i=0; while [ $i -lt ${rows} ]; do echo row-$i-end; i=$((i+1)); done`);
    await terminal.keys('Enter');
    await waitFor('the flood', () => checkout.consoleLog().includes('row-100-end'));
    process.kill(checkout.pidIn('agent.json') ?? 0, 'SIGKILL');
    await terminal.until('agent lost');

    // A second start beside it starts the agent again, says what it has to say, and stops nothing.
    const second = await checkout.run(['npm', 'start']);
    expect(second.status).toBe(0);
    expect(second.text).toContain('npm start runs already, as pid ');
    expect(second.text).toMatch(/^demo says: TINY-READY host=mvirt /m);
    expect(second.text).not.toContain('stopping');
    await terminal.until('● agent');
    await terminal.until(`row-${rows - 1}-end`);
    const numbers = [...checkout.consoleLog().matchAll(/^row-(\d+)-end\r?$/gm)].map((match) => Number(match[1]));
    expect(numbers).toEqual(Array.from({ length: rows }, (_, at) => at));
    await terminal.type('echo typed-$((40+2))');
    await terminal.keys('Enter');
    await terminal.until('typed-42');
    const after = await checkout.run([...mvirt, 'get', 'demo', '--json']);
    expect(JSON.parse(after.text)).toMatchObject({ vm: { state: 'running', pid: before.vm.pid, startedAt: before.vm.startedAt } });

    await terminal.keys('C-a', 't');
    await terminal.keys('q');
    expect(await terminal.untilEnded({ timeoutMs: 40_000 })).toBe(0);
    expect(checkout.consoleLog()).toContain('TINY-POWEROFF');
    expect([checkout.pidIn('agent.json'), checkout.pidIn('holder.json')]).toEqual([null, null]);
  },
  120_000,
);
