import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { openTerminal } from '@mvirt/testkit/tmux';
import { mainPath } from '../cli/testing/spawn-mvirt.ts';

const missing = ['tmux', 'screen'].find((name) => Bun.which(name) === null);
if (missing) console.log(`skipped: ${missing} is not installed (Debian package ${missing})`);

// Begun within tmux it inherits TMUX, as it does on many a host that is reached through both.
test.skipIf(missing !== undefined)(
  'GNU screen shows the first frame, every change after it, and is left as it was',
  async () => {
    using dir = tempDir('gnu-screen');
    writeFileSync(dir.join('rc'), 'altscreen on\nstartup_message off\nautodetach off\n');
    await using terminal = await openTerminal({
      argv: ['screen', '-U', '-c', dir.join('rc'), 'bash', '--norc', '--noprofile', '--noediting'],
      env: { SCREENDIR: dir.path, PS1: 'shell> ', MVIRT_SOCKET: dir.join('no.sock') },
    });
    await terminal.until('shell>');
    await terminal.type(`clear; ${process.execPath} ${mainPath}; echo status $?`);
    await terminal.keys('Enter');
    const first = await terminal.until('? help', { timeoutMs: 30_000 });
    expect(first).toMatch(/^┌ VMs ─+ 0 ┐┌ Logs ─+ follow ┐$/m);
    await terminal.keys('?');
    await terminal.until('┌ Keys ', { timeoutMs: 30_000 });
    await terminal.keys('Escape');
    await terminal.until(/^┌ VMs ─+ 0 ┐┌ Logs ─+ follow ┐$/m);
    await terminal.keys('q');
    expect(await terminal.until(/^status \d+\nshell>/m)).toContain('status 0');
    await terminal.type('exit');
    await terminal.keys('Enter');
    expect(await terminal.untilEnded()).toBe(0);
  },
  60_000,
);
