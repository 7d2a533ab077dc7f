import { expect, test } from 'bun:test';
import { splitLine } from './keymap/split-line.ts';
import { fakeVm } from './testing/fake-agent.ts';
import { expectWhole, openUi } from './testing/open-ui.tsx';

const small = { width: 80, height: 24 };
const typed = (text: string) => [...text];

async function withVms() {
  const open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'db', state: 'running' }), fakeVm({ name: 'web-1' }), fakeVm({ id: 'cafe-2', name: 'web-2' })] });
  await open.frame();
  return open;
}

test('a few letters find a command, Enter runs it, and one that cannot act says why', async () => {
  await using open = await withVms();
  let frame = await open.keys(':');
  expectWhole(frame, small);
  frame = await open.keys(...typed('sto'));
  expect(frame).toMatch(/stop +stop the VM: its guest shuts down +S/);
  expect(await open.keys('ENTER')).toContain('$ mvirt stop db');
  expect(open.fake.calls.splice(0)).toEqual([{ action: 'stop', id: 'id-db' }]);
  expect(await open.keys(':', ...typed('start'))).toContain('start the VM – db is running already');
  expect(await open.keys('ENTER')).toContain('start: db is running already');
  expect(open.fake.calls).toEqual([]);
  expect(await open.keys(':', ...typed('zzz'), 'ENTER', 'ESC')).not.toContain('Command');
});

test('Tab makes a line of a command, and completes names of commands, VMs and options', async () => {
  await using open = await withVms();
  expect(await open.keys(':', ...typed('sto'), 'TAB')).toContain(':mvirt stop db▏');
  expect(await open.keys('^u', ...typed('mvirt attd'), 'TAB')).toContain(':mvirt attach-disk ▏');
  expect(await open.keys(...typed('w2'), 'TAB')).toContain(':mvirt attach-disk web-2 ▏');
  expect(await open.keys(...typed('--r'), 'TAB')).toContain(':mvirt attach-disk web-2 --ro ▏');
});

test('a mvirt line is run by the command line’s own code, and remembered', async () => {
  await using open = await withVms();
  await open.keys(':', ...typed("mvirt set 'web-1' memory=2G"), 'ENTER');
  await open.screen.waitForFrame((text) => text.includes('set: done'));
  await open.keys(':', ...typed('stop web-1 db'), 'ENTER');
  expect(open.lines).toEqual([
    ['set', 'web-1', 'memory=2G'],
    ['stop', 'web-1', 'db'],
  ]);
  expect(await open.frame()).toContain('$ mvirt stop web-1 db');
});

test('what the UI can show itself it shows, and what is lost is asked for', async () => {
  await using open = await withVms();
  await open.keys(':', ...typed('console web-2'), 'ENTER');
  expect([open.ui.focus(), open.ui.vms.selected()?.name]).toEqual(['console', 'web-2']);
  await open.keys('^a', 't');
  await open.keys(':', ...typed('logs -f cafe'), 'ENTER');
  expect(open.ui.focus()).toBe('logs');
  expect(await open.keys(':', ...typed('get web-1'), 'ENTER')).toContain('Details  web-1');
  await open.keys('ESC');
  expect(await open.keys(':', ...typed('mvirt kill db'), 'ENTER')).toContain('kill db?');
  await open.keys('y');
  expect(open.fake.calls.splice(0)).toEqual([{ action: 'kill', id: 'id-db' }]);
  expect(await open.keys(':', ...typed('kill nobody'), 'ENTER')).toContain('nobody names no VM');
  expect(open.lines).toEqual([]);
});

test('ssh and cp get the terminal, by their key or a line, and how they ended is said', async () => {
  await using open = await withVms();
  const nics = (addresses: string[]) => [{ mac: '52:54:00:00:00:01', tap: null, network: 'default', kept: [], addresses }];
  const select = (change: Parameters<typeof fakeVm>[0]) => open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'web-1', ...change })] });
  select({ state: 'stopped' });
  expect(await open.keys('e')).toContain('ssh: web-1 is stopped');
  select({ state: 'running' });
  expect(await open.keys('e')).toContain('ssh: web-1 has no NIC');
  select({ state: 'running', nics: nics([]) });
  expect(await open.keys('e')).toContain('ssh: web-1 has no address yet');
  select({ state: 'running', nics: nics(['10.9.0.7']) });
  expect(await open.keys('e')).toContain('$ mvirt ssh web-1');
  await open.screen.waitForFrame((text) => text.includes('mvirt ssh web-1: done'));
  open.failInTerminal(255);
  await open.keys(':', ...typed("ssh web-1 -l alice -- 'df -h'"), 'ENTER');
  await open.screen.waitForFrame((text) => text.includes('ended with status 255'));
  await open.keys(':', ...typed('mvirt cp web-1:/etc/motd .'), 'ENTER');
  expect(open.inTerminal).toEqual([
    ['ssh', 'id-web-1'],
    ['ssh', 'web-1', '-l', 'alice', '--', 'df -h'],
    ['cp', 'web-1:/etc/motd', '.'],
  ]);
  expect(await open.keys(':', ...typed('ssh --stdio web-1'), 'ENTER')).toContain('is for other programs');
  await open.keys(':', ...typed('ssh --json web-1'), 'ENTER');
  expect(open.lines).toEqual([['ssh', 'web-1']]);
  open.fake.lose();
  expect(await open.keys('e')).toContain('ssh: the agent cannot be reached');
});

test('a line typed while the agent is away is not run when it comes back', async () => {
  await using open = await withVms();
  open.fake.lose();
  expect(await open.keys(':', ...typed('mvirt set db vcpus=2'), 'ENTER')).toContain('the agent cannot be reached');
  expect(await open.keys(':', ...typed('kill --yes db'), 'ENTER')).toContain('the agent cannot be reached');
  open.fake.connection({ status: 'connected' });
  await open.frame();
  expect([open.lines, open.fake.calls]).toEqual([[], []]);
});

test('mistakes are told with a hint, and help is shown', async () => {
  await using open = await withVms();
  expect(await open.keys(':', ...typed('mvirt stop'), 'ENTER')).toContain("missing required argument 'VM'");
  expect(await open.keys(':', ...typed("mvirt get 'x"), 'ENTER')).toContain('a quote is not closed');
  expect(await open.keys(':', ...typed('mvirt agent --x'), 'ENTER')).toContain('mvirt agent needs a shell of its own');
  expect(await open.keys(':', ...typed('mvirt list --socket /x'), 'ENTER')).toContain('this UI speaks to its own agent');
  expect(await open.keys(':', ...typed('mvirt stop --help'), 'ENTER')).toContain('Usage: mvirt stop');
  expect(await open.keys('q')).not.toContain('Usage');
});

test('a line is split as a shell does', () => {
  expect(splitLine(`a 'b c' "d 'e'" f\\ g ''`)).toEqual(['a', 'b c', "d 'e'", 'f g', '']);
  expect(splitLine("'it'\\''s'")).toEqual(["it's"]);
  expect(splitLine('  ')).toEqual([]);
  expect(splitLine('"a')).toBeNull();
});
