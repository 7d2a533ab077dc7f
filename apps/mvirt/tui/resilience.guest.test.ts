import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { commandLineOf, startAgent } from '@mvirt/testkit/agent-process';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { tinyGuestPath } from '@mvirt/testkit/tiny-guest';
import { noTerminal, openTerminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import { mainPath } from '../cli/testing/spawn-mvirt.ts';

const missing = Bun.which('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : noTerminal();
if (missing) console.log(`skipped: ${missing}`);

const patience = { timeoutMs: 30_000 };

test.skipIf(missing !== null)(
  'the UI at a real guest: its agent stopped, killed in the middle of a flood and begun anew; nothing waits, nothing is lost, q leaves at once',
  async () => {
    using dir = tempDir('ui');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    let pid = 0;
    try {
      await using first = await startAgent(dir);
      await first.api.vm.create.mutate({ name: 'db', kernel: tinyGuestPath(), memoryMib: 64 });
      const { vm } = await first.api.vm.create.mutate({ name: 'web', kernel: tinyGuestPath(), memoryMib: 64 });
      pid = (await first.api.vm.start.mutate({ vm: 'web' })).vm.pid ?? 0;
      const log = () => readFileSync(dir.join('data', 'vm', vm.id, 'console.log'), 'latin1');

      await using terminal = await openTerminal({
        argv: ['bash', '--norc', '--noprofile', '--noediting'],
        env: { PS1: 'shell> ', MVIRT_SOCKET: first.socketPath },
      });
      await terminal.until('shell>');
      const modes = async () => execFileSync('stty', ['-a', '-F', await terminal.device()], { encoding: 'utf8' });
      const before = await modes();
      await terminal.type(`${process.execPath} ${mainPath}; echo status $?`);
      await terminal.keys('Enter');
      await terminal.until('● agent', patience);
      await terminal.keys('Down');
      await terminal.until(/Console {2}web[\s\S]*TINY up/, patience);
      await terminal.keys('Enter');
      await terminal.until('keys go to web', patience);
      await terminal.type('hello');
      await terminal.until('hello', patience);

      // An agent that is stopped: the UI says so, goes on drawing, and keeps its selection.
      process.kill(first.pid, 'SIGSTOP');
      await terminal.until(/agent silent for \d+ s/, patience);
      await terminal.keys('C-a', 't');
      await terminal.until('? help', patience);
      await terminal.keys('s');
      await terminal.until('the agent cannot be reached', patience);
      await terminal.resize(90, 26);
      await terminal.until(/^┌ VMs[^\n]{84}┐$/m, patience);
      process.kill(first.pid, 'SIGCONT');
      await terminal.until('● agent', patience);
      expect(await terminal.until(/Console {2}web/)).toContain('hello');

      // Killed while 256 KiB are on their way: the console goes on where it was, by its own file.
      await terminal.keys('Enter');
      await terminal.until('keys go to web', patience);
      await terminal.keys('C-a', 'z');
      const size = log().length;
      await terminal.type('f');
      await waitFor('the flood to begin', () => log().length > size + 1000, patience);
      expect(await first.end('SIGKILL')).toBe('SIGKILL');
      await terminal.until('agent lost', patience);
      await using second = await startAgent(dir);
      await terminal.until('● agent', patience);
      await waitFor('the flood to end', () => log().endsWith('.\r\n'), patience);
      await terminal.type('again');
      await terminal.until('again', patience);
      // A row is as wide as the screen: a byte too many or too few would move all that follows.
      const rows = log().split('\r\n').slice(-2);
      const tail = (rows[0] ?? '').slice(-((rows[0] ?? '').length % 90));
      await terminal.until(`${tail}\n${rows[1]}`, patience);

      // An agent that hangs holds up nobody who leaves.
      process.kill(second.pid, 'SIGSTOP');
      await terminal.keys('C-a', 't');
      await terminal.until('? help', patience);
      await terminal.keys('q');
      await terminal.until('status 0', patience);
      expect(await modes()).toBe(before.replace('rows 30; columns 100', 'rows 26; columns 90'));
      process.kill(second.pid, 'SIGCONT');

      expect(await second.api.vm.kill.mutate({ vm: 'web' })).toMatchObject({ changed: true });
      expect(commandLineOf(pid)).toBeNull();
      expect(await second.end('SIGTERM')).toBe(0);
    } finally {
      if (pid !== 0 && commandLineOf(pid)?.includes('qemu')) process.kill(pid, 'SIGKILL');
    }
  },
  180_000,
);
