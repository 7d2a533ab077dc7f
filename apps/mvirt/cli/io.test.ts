import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';

const io = new URL('./io.ts', import.meta.url).pathname;

/** What a process with these descriptors takes for terminals: standard input, output, error, and how wide its output is. */
async function terminals(redirections: string): Promise<unknown> {
  using dir = tempDir('io');
  const script = `const { processIo } = await import(${JSON.stringify(io)}); const io = processIo();
    await Bun.write(${JSON.stringify(dir.join('seen'))}, JSON.stringify([io.stdinIsTerminal, io.stdout.isTerminal, io.stderr.isTerminal, io.stdout.columns]));`;
  const argv = ['sh', '-c', `exec "$1" -e "$2" ${redirections}`, 'sh', process.execPath, script];
  const child = Bun.spawn(argv, { terminal: { cols: 123, rows: 40, data() {} } });
  expect(await child.exited).toBe(0);
  return JSON.parse(readFileSync(dir.join('seen'), 'utf8'));
}

test.each([
  ['a terminal', '', [true, true, true, 123]],
  ['/dev/null', '</dev/null >/dev/null 2>/dev/null', [false, false, false, 80]],
  ['files', '</etc/hostname >/dev/zero 2>/dev/full', [false, false, false, 80]],
  ['a pipe', '2>&1 | cat', [true, false, false, 80]],
  ['closed', '<&- 2>&-', [false, true, false, 123]],
  ['by another name', '</dev/tty >/dev/null', [true, false, true, 80]],
])('which of its descriptors are terminals: %s', async (_what, redirections, seen) => expect(await terminals(redirections)).toEqual(seen));
