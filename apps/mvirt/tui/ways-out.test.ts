import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { noTerminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import { leaves, modes, openShell } from './testing/ui-shell.ts';

const missing = noTerminal();
if (missing) console.log(`skipped: ${missing}`);

const here = (text: string) => `ways out: ${text}`;

test.skipIf(missing !== null)(
  here('quitting, a signal and a defect give the terminal back'),
  async () => {
    await using shell = await openShell();
    await leaves(shell, { key: 'q' }, 0);
    await leaves(shell, { signal: 'SIGHUP' }, 129);
    // What the shell's preload makes a defect of.
    await leaves(shell, { signal: 'SIGUSR2' }, 1);
  },
  120_000,
);

test.skipIf(missing !== null)(
  here('Ctrl-Z gives the terminal back until fg, however often, and the size may change meanwhile'),
  async () => {
    await using shell = await openShell();
    const { terminal, before } = shell;
    await shell.begin();
    for (const [columns, rows] of [
      [100, 30],
      [70, 20],
    ] as const) {
      await terminal.keys('C-z');
      await terminal.until(/Stopped[\s\S]*shell>/);
      expect(await modes(terminal)).toBe(before);
      await terminal.resize(columns, rows);
      await terminal.type('clear; fg; echo status $?');
      await terminal.keys('Enter');
      await terminal.until(new RegExp(`^┌ VMs[^\\n]{${columns - 6}}┐$`, 'm'));
      expect(await terminal.ask('#{alternate_on}#{mouse_any_flag}')).toBe('11');
      await terminal.resize(100, 30);
      await terminal.until(/^┌ VMs[^\n]{94}┐$/m);
    }
    await terminal.keys('q');
    await terminal.until('status 0');
    expect(await modes(terminal)).toBe(before);
  },
  120_000,
);

test.skipIf(missing !== null)(
  here('a terminal that goes without a signal takes the UI along'),
  async () => {
    await using shell = await openShell();
    const { terminal, dir, ui } = shell;
    await terminal.type(`setsid sh -c 'echo $$ > ${dir.join('pid')}; exec ${ui}'`);
    await terminal.keys('Enter');
    await terminal.until('? help');
    const pid = Number(readFileSync(dir.join('pid'), 'utf8'));
    await terminal[Symbol.asyncDispose]();
    await waitFor('the UI to end', () => !existsSync(`/proc/${pid}`));
  },
  120_000,
);
