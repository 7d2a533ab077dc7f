import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { type CpioEntry, cpioArchive } from './cpio.ts';

const entries: CpioEntry[] = [
  { path: 'bin/sh', kind: 'link', mode: 0o777, content: Buffer.from('busybox') },
  { path: 'bin', kind: 'directory', mode: 0o755, content: new Uint8Array() },
  { path: 'init', kind: 'file', mode: 0o755, content: Buffer.from('hello') },
];

test('members are sorted, padded to four bytes, without times or owners', () => {
  const text = Buffer.from(cpioArchive(entries)).toString('latin1');
  expect(text.length % 4).toBe(0);
  expect(text.slice(0, 116)).toBe('07070100000001000041ed0000000000000000000000010000000000000000000000000000000000000000000000000000000400000000bin\0\0\0');
  expect([...text.matchAll(/bin\/sh|TRAILER!!!|init|bin(?=\0)/g)].map(([name]) => name)).toEqual(['bin', 'bin/sh', 'init', 'TRAILER!!!']);
});

test('the order of the entries does not matter', () => {
  expect(cpioArchive(entries.toReversed())).toEqual(cpioArchive(entries));
});

const cpio = Bun.which('cpio');
if (cpio === null) console.log('skip: the program cpio is missing, so archives are not unpacked by it (Debian package cpio)');
test.skipIf(cpio === null)('cpio unpacks what was packed', () => {
  using dir = tempDir('cpio');
  execFileSync('cpio', ['-id', '--quiet', '--no-preserve-owner'], { cwd: dir.path, input: cpioArchive(entries) });
  expect(readFileSync(dir.join('init'), 'utf8')).toBe('hello');
  expect(lstatSync(dir.join('init')).mode & 0o777).toBe(0o755);
  expect(readlinkSync(dir.join('bin/sh'))).toBe('busybox');
});
