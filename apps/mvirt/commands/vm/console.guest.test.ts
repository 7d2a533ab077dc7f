import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { commandLineOf, startAgent } from '@mvirt/testkit/agent-process';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { tinyGuestPath } from '@mvirt/testkit/tiny-guest';
import { noTerminal, openTerminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import { mainPath } from '../../cli/testing/spawn-mvirt.ts';

const missing = Bun.which('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : noTerminal();
if (missing) console.log(`skipped: ${missing}`);

test.skipIf(missing !== null)(
  "a terminal at a real guest's console, its agent killed by -9 and hung: nothing lost, nothing doubled, the terminal given back",
  async () => {
    using dir = tempDir('console');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    let pid = 0;
    try {
      const first = await startAgent(dir);
      await using _first = first;
      const { vm } = await first.api.vm.create.mutate({ name: 'web', kernel: tinyGuestPath(), memoryMib: 64 });
      pid = (await first.api.vm.start.mutate({ vm: 'web' })).vm.pid ?? 0;
      const log = () => readFileSync(dir.join('data', 'vm', vm.id, 'console.log'), 'latin1');

      await using terminal = await openTerminal({
        argv: ['bash', '--norc', '--noprofile', '--noediting'],
        env: { PS1: 'shell> ', MVIRT_SOCKET: first.socketPath },
      });
      await terminal.until('shell>');
      const modes = async () => execFileSync('stty', ['-a', '-F', await terminal.device()], { encoding: 'utf8' });
      const cooked = await modes();
      // What it shows goes through a pipe, so that every byte of it can be compared.
      const seen = () => readFileSync(dir.join('seen'), 'latin1');
      await terminal.type(`set -o pipefail; ${process.execPath} ${mainPath} console web --history all | tee ${dir.join('seen')}; echo status $?`);
      await terminal.keys('Enter');
      await terminal.until('TINY up');
      await waitFor('raw mode', async () => / -icanon/.test(await modes()));
      await terminal.type('hello');
      await terminal.keys('C-c', 'C-a', 'C-a', 'C-a', 'x');
      await waitFor('the echo', () => seen().endsWith('hello\x03\x01\x01x'));

      // 256 KiB are on their way when the agent dies.
      const before = seen().length;
      await terminal.type('f');
      await waitFor('the flood to begin', () => seen().length > before + 1000);
      expect(await first.end('SIGKILL')).toBe('SIGKILL');
      await terminal.until('the agent is away');
      const second = await startAgent(dir);
      await using _second = second;
      await terminal.until('the agent is back');
      await waitFor('the flood to end', () => seen().endsWith('.\r\n'), { timeoutMs: 40_000 });
      await terminal.resize(70, 20);
      await terminal.type('again');
      await waitFor('the echo after it', () => seen().endsWith('again'));
      expect(seen()).toBe(log());
      expect(seen()).toHaveLength(before + 262_144 + '\r\n'.length + 'again'.length);

      // An agent that hangs holds up nobody who leaves.
      process.kill(second.pid, 'SIGSTOP');
      await terminal.type('lost');
      await terminal.keys('C-a', 't');
      await terminal.until('status 0');
      expect(await modes()).toBe(cooked.replace('rows 30; columns 100', 'rows 20; columns 70'));
      process.kill(second.pid, 'SIGCONT');

      expect(await second.api.vm.kill.mutate({ vm: 'web' })).toMatchObject({ changed: true });
      expect(commandLineOf(pid)).toBeNull();
      expect(await second.end('SIGTERM')).toBe(0);
    } finally {
      if (pid !== 0 && commandLineOf(pid)?.includes('qemu')) process.kill(pid, 'SIGKILL');
    }
  },
  120_000,
);
