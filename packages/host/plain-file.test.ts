import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { constants, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { openPlain, openToAppend, readEnd, readPlain } from './plain-file.ts';

/** What another program may put in a file's place. */
const planted: [kind: string, plant: (dir: TempDir, path: string) => void | Promise<void>][] = [
  ['nothing', () => {}],
  ['a folder', (_, path) => mkdirSync(path)],
  ['a FIFO', (_, path) => void spawnSync('mkfifo', [path])],
  ['a link to a file', (dir, path) => symlinkSync(dir.join('treasure'), path)],
  ['a link to nothing', (dir, path) => symlinkSync(dir.join('new'), path)],
  ['a link to a device', (_, path) => symlinkSync('/dev/zero', path)],
  [
    'a socket',
    async (_, path) => {
      const server = createServer().listen(path);
      await new Promise((resolve) => server.once('listening', resolve));
      server.unref();
    },
  ],
];

for (const [kind, plant] of planted)
  test(`${kind} in its place holds nobody up, and is neither read nor written`, async () => {
    using dir = tempDir('plain');
    const path = dir.join('log');
    writeFileSync(dir.join('treasure'), 'mine');
    await plant(dir, path);
    expect(() => openPlain(path)).toThrow();
    expect(() => openPlain(path, constants.O_WRONLY)).toThrow();
    expect(readEnd(path, 10)).toBeNull();
    expect(readPlain(path)).toBeNull();
    if (kind === 'a folder') return expect(() => openToAppend(path)).toThrow();
    {
      using file = openToAppend(path);
      writeSync(file.fd, 'line\n');
    }
    expect(readFileSync(path, 'utf8')).toBe('line\n');
    expect(readFileSync(dir.join('treasure'), 'utf8')).toBe('mine');
    expect(existsSync(dir.join('new'))).toBe(false);
  });

test('the end of a file, and the whole of a small one', () => {
  using dir = tempDir('plain');
  const path = dir.join('log');
  writeFileSync(path, '0123456789');
  expect(readEnd(path, 4)?.toString()).toBe('6789');
  expect(readEnd(path, 100)?.toString()).toBe('0123456789');
  expect(readEnd(path, 4, 8)?.toString()).toBe('89');
  expect(readEnd(path, 4, 80)?.toString()).toBe('');
  expect(readPlain(path, 10)).toBe('0123456789');
  expect(readPlain(path, 9)).toBeNull();
});
