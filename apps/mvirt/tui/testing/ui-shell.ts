import { expect } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { openTerminal, type Terminal } from '@mvirt/testkit/tmux';
import { mainPath } from '../../cli/testing/spawn-mvirt.ts';

/** All that a full-screen program changes of its terminal. */
export async function modes(terminal: Terminal): Promise<string> {
  const flags = ['alternate_on', 'mouse_any_flag', 'mouse_sgr_flag', 'cursor_flag', 'keypad_flag', 'keypad_cursor_flag', 'wrap_flag', 'origin_flag'];
  const told = await terminal.ask(flags.map((flag) => `${flag}=#{${flag}}`).join(' '));
  return `${told}\n${execFileSync('stty', ['-a', '-F', await terminal.device()], { encoding: 'utf8' })}`;
}

/** A shell in a terminal, and the UI begun in it as often as is asked; nobody listens at its socket. */
export async function openShell() {
  const dir = tempDir('ways-out');
  // A defect, whenever the test wants one.
  writeFileSync(dir.join('defect.ts'), "process.on('SIGUSR2', () => { throw new Error('boom'); });");
  const terminal = await openTerminal({
    argv: ['bash', '--norc', '--noprofile', '--noediting'],
    env: { PS1: 'shell> ', MVIRT_SOCKET: dir.join('no.sock'), COLORTERM: 'truecolor' },
  });
  await terminal.until('shell>');
  const before = await modes(terminal);
  const ui = `${process.execPath} --preload ${dir.join('defect.ts')} ${mainPath}`;
  return {
    dir,
    terminal,
    before,
    ui,
    async begin() {
      await terminal.type(`clear; ${ui}; echo status $?`);
      await terminal.keys('Enter');
      await terminal.until('? help');
      expect(await terminal.ask('#{alternate_on}#{mouse_any_flag}')).toBe('11');
    },
    pid: async () => Number(execFileSync('pgrep', ['-P', `${await terminal.pid()}`], { encoding: 'utf8' }).trim()),
    async [Symbol.asyncDispose]() {
      await terminal[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

/** Begins the UI, leaves it that way, and expects that status and a terminal as it was. */
export async function leaves(shell: Awaited<ReturnType<typeof openShell>>, way: { key: string } | { signal: NodeJS.Signals }, status: number): Promise<void> {
  const { terminal, before } = shell;
  await shell.begin();
  if ('signal' in way) process.kill(await shell.pid(), way.signal);
  else await terminal.keys(way.key);
  const screen = await terminal.until(/^status \d+\nshell>/m);
  expect([way, screen.match(/status \d+/)?.[0]]).toEqual([way, `status ${status}`]);
  expect([way, await modes(terminal)]).toEqual([way, before]);
  if (status === 1) expect(screen).toContain('mvirt: the UI ended by a defect: Error: boom');
}
