import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { startAgent } from '@mvirt/testkit/agent-process';
import { linuxGuest } from '@mvirt/testkit/linux-guest';
import { lackingForNetworks, openLinuxManaged } from '@mvirt/testkit/network/linux-managed';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { noTerminal, openTerminal } from '@mvirt/testkit/tmux';
import { mainPath } from '../../cli/testing/spawn-mvirt.ts';

const { guest, missing: noGuest } = await linuxGuest();
const noTun = existsSync('/dev/net/tun') ? null : '/dev/net/tun is missing';
const noSsh = Bun.which('ssh') === null ? 'ssh is missing (Debian package openssh-client)' : null;
const missing = lackingForNetworks() ?? noTun ?? noGuest ?? noSsh ?? noTerminal();
if (missing !== null) console.log(`skip: ${missing}`);

const guestMs = 100_000;
const odd = `a b*?[c]{d}"'$(id)\`;\\n:é\n`;

test.skipIf(missing !== null)(
  'a real guest by ssh: its keys from the console, no prompt, from its own network and through the agent; files; other keys; from the UI',
  async () => {
    await using room = await openLinuxManaged();
    using dir = tempDir('ssh');
    await using agent = await startAgent(dir, [], { through: room.ns.enter });
    const { api } = agent;
    // However the test ends: the VM and the network's server outlive their agent.
    await using _leaving = {
      async [Symbol.asyncDispose]() {
        await api.vm.kill.mutate({ vm: 'web' });
        await api.vm.delete.mutate({ vm: 'web' });
        await api.network.remove.mutate({ name: 'default' });
      },
    };
    const env = { ...process.env, XDG_STATE_HOME: dir.join('state'), MVIRT_SOCKET: agent.socketPath };
    const ran = async (argv: readonly string[], input: string): Promise<{ status: number | null; stdout: string; stderr: string }> => {
      const [program = '', ...args] = argv;
      const child = spawn(program, args, { stdio: 'pipe', env, cwd: dir.path });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
      child.stdin.end(input);
      await once(child, 'close');
      return { status: child.exitCode, ...said };
    };
    const own = [process.execPath, mainPath];
    /** In another network than the agent's, and in its own. */
    const mvirt = (...argv: string[]) => ran([...own, ...argv], '');
    const inside = (...argv: string[]) => ran([...room.ns.enter, ...own, ...argv], 'typed\n');
    const quiet = (stdout: string, status = 0) => ({ status, stdout, stderr: '' });
    const start = async () => {
      await api.vm.start.mutate({ vm: 'web' });
      await api.vm.wait.mutate({ vm: 'web', state: 'ssh', timeoutMs: guestMs });
    };

    await api.vm.create.mutate({ name: 'web', memoryMib: 256, ...guest, nics: [{ network: 'default' }] });
    await start();
    expect(await mvirt('ssh', 'web', '--', 'echo out; exit 7')).toEqual(quiet('out\n', 7));
    expect(await inside('ssh', 'web', 'cat')).toEqual(quiet('typed\n'));
    const plan = async (of: typeof mvirt) => JSON.parse((await of('ssh', 'web', '--json')).stdout).ssh as { argv: string[]; hostKeys: string; address: string };
    expect((await plan(inside)).argv).toContain('ProxyCommand=none');
    expect((await plan(mvirt)).argv).toContainEqual(expect.stringMatching(/^ProxyCommand=.* 'ssh' '--stdio' '/));
    expect((await plan(mvirt)).hostKeys).toBe('console');

    mkdirSync(dir.join('tree'));
    writeFileSync(dir.join(`tree/${odd}`), 'content\n');
    expect(await mvirt('cp', '-r', 'tree', `web:/tmp/-${odd}`)).toEqual(quiet(''));
    expect(await mvirt('cp', `web:/tmp/-${odd}/${odd}`, `./-back ${odd}`)).toEqual(quiet(''));
    expect(readFileSync(dir.join(`-back ${odd}`), 'utf8')).toBe('content\n');
    expect(await mvirt('cp', 'web:/tmp/none', '.')).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining('/tmp/none: No such file') });

    // Another server in its place: it is not the one whose key the guest has printed.
    const other = 'dropbearkey -t ed25519 -f /run/other >/dev/null 2>&1; kill $(cat /run/ssh/pid); dropbear -r /run/other -B -P /run/other.pid';
    await mvirt('ssh', 'web', '--', other);
    await api.vm.wait.mutate({ vm: 'web', state: 'ssh', timeoutMs: guestMs });
    const refused = await mvirt('ssh', 'web', 'true');
    expect([refused.status, refused.stdout]).toEqual([255, '']);
    expect(refused.stderr).toMatch(
      /Host key verification failed\.\s+mvirt: VM web: what answers at \S+ does not have the host key that its guest printed on its console\nhint: /,
    );
    const forgotten = await mvirt('ssh', '--forget-host-key', 'web', 'true');
    expect([forgotten.status, forgotten.stderr]).toEqual([
      0,
      expect.stringMatching(/^mvirt: its host keys are forgotten\nWarning: Permanently added 'mvirt-\S+' \(ED25519\)/),
    ]);
    expect(await mvirt('ssh', 'web', 'true')).toEqual(quiet(''));
    const { id } = await api.vm.get.query({ vm: 'web' });
    expect(readdirSync(dir.join('state/mvirt/known_hosts')).sort()).toEqual([`mvirt-${id}`, `mvirt-${id}.console`]);
    expect(await mvirt('ssh', 'web', 'kill $(cat /run/other.pid)')).toMatchObject({ stdout: '' });
    expect(await mvirt('ssh', 'web')).toEqual({
      status: 4,
      stdout: '',
      stderr: expect.stringMatching(/^mvirt: VM web does not answer to SSH: \S+: connection refused\nhint: mvirt wait web ssh waits until it does; /),
    });

    // Nothing of it outlives its memory: what its next boot prints counts.
    await api.vm.kill.mutate({ vm: 'web' });
    await start();
    await using terminal = await openTerminal({ argv: own, env: { XDG_STATE_HOME: dir.join('state'), MVIRT_SOCKET: agent.socketPath } });
    await terminal.until(/● web +running/);
    await terminal.keys('e');
    await terminal.until('mvirt:/root#', { timeoutMs: guestMs });
    expect(await terminal.ask('#{alternate_on}')).toBe('0');
    await terminal.resize(100, 30);
    await terminal.type('stty size; tty; sleep 1000');
    await terminal.keys('Enter');
    expect(await terminal.until(/30 100\s+\/dev\/pts\/0/)).not.toContain('Warning');
    await terminal.keys('C-c');
    await terminal.type('exit 3');
    await terminal.keys('Enter');
    await terminal.until('[mvirt: ended with status 3; Enter goes back to the UI]');
    await terminal.keys('Enter');
    await terminal.until(/^┌ VMs[^\n]{94}┐$/m);
    await terminal.until('mvirt ssh web: ended with status 3');
    await terminal.keys('q');
    expect(await terminal.untilEnded()).toBe(0);
  },
  300_000,
);
