import { expect, test } from 'bun:test';
import { readlinkSync } from 'node:fs';
import { watchLeaks } from './leak-check.ts';
import { noTerminal, openTerminal } from './tmux.ts';

const missing = noTerminal();

test.skipIf(missing !== null)(`a real terminal takes keys and text, is resized, and leaves nothing${missing ? ` (${missing})` : ''}`, async () => {
  await using _leaks = watchLeaks();
  await using terminal = await openTerminal({ argv: ['/bin/bash', '--norc', '--noprofile'], columns: 60, rows: 10, env: { PS1: 'ready> ' } });
  await terminal.until('ready>');
  expect(readlinkSync(`/proc/${await terminal.pid()}/fd/0`)).toBe(await terminal.device());
  await terminal.type('echo Enter $((40+2)); stty size');
  await terminal.keys('Enter');
  await terminal.until(/Enter 42\n10 60\n/);
  await terminal.resize(70, 12);
  await terminal.type('stty size');
  await terminal.keys('Enter');
  await terminal.until('12 70');
  expect(await terminal.ended()).toBeNull();
  await terminal.type('exit 7');
  await terminal.keys('Enter');
  expect(await terminal.untilEnded()).toBe(7);
});

test.skipIf(missing !== null)('what scrolled off is still there, and an end by a signal is told', async () => {
  await using _leaks = watchLeaks();
  await using terminal = await openTerminal({ argv: ['/bin/sh', '-c', 'seq 1 200; read line; kill -TERM $$'], rows: 5 });
  // tmux may notice an end before it has read what was printed last.
  await terminal.until('200');
  await terminal.keys('Enter');
  expect(await terminal.untilEnded()).toBe(128 + 15);
  expect((await terminal.everything()).split('\n').slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, at) => `${at + 1}`));
  await expect(terminal.until('201', { timeoutMs: 50 })).rejects.toThrow(/never showed 201/);
});
