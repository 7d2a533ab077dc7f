import { expect, test } from 'bun:test';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { aliasOf, createKnownHosts } from './known-hosts.ts';

const keys = [
  { type: 'ssh-ed25519', key: 'AAAAC3Nz' },
  { type: 'ssh-rsa', key: 'AAAAB3Nz' },
];

test('pinned keys are written anew each time, and what was trusted on first use is another file', () => {
  using dir = tempDir('known');
  const known = createKnownHosts({ XDG_STATE_HOME: dir.path });
  const first = known.file('web', null);
  expect(first).toBe(dir.join('mvirt/known_hosts/mvirt-web'));
  expect(existsSync(first)).toBe(false);
  expect(statSync(dir.join('mvirt/known_hosts')).mode & 0o777).toBe(0o700);
  const pinned = known.file('web', keys);
  expect(pinned).not.toBe(first);
  expect(readFileSync(pinned, 'utf8')).toBe('mvirt-web ssh-ed25519 AAAAC3Nz\nmvirt-web ssh-rsa AAAAB3Nz\n');
  known.file('web', keys.slice(1));
  expect(readFileSync(pinned, 'utf8')).toBe('mvirt-web ssh-rsa AAAAB3Nz\n');
  writeFileSync(first, 'x');
  known.forget('web');
  known.forget('web');
  expect([existsSync(first), existsSync(pinned)]).toEqual([false, true]);
});

test('at home where nothing else is said', () => {
  using dir = tempDir('known');
  expect(createKnownHosts({ HOME: dir.path }).file('web', null)).toBe(dir.join('.local/state/mvirt/known_hosts/mvirt-web'));
});

test('an id that no file name may be, or that ssh would look for in another case', () => {
  expect(aliasOf('../A b')).toBe('mvirt-.._a_b');
});

test.each(['/tmp/a"b', '/tmp/a\\b', '/tmp/a\nb', `/tmp/$${'{b}'}`])('a folder that ssh cannot be told of: %j', (folder) => {
  expect(() => createKnownHosts({ XDG_STATE_HOME: folder }).file('web', null)).toThrow('ssh cannot be told of the folder');
});

test('a folder that cannot be written is named', () => {
  using dir = tempDir('known');
  writeFileSync(dir.join('file'), '');
  chmodSync(dir.join('file'), 0o400);
  expect(() => createKnownHosts({ XDG_STATE_HOME: dir.join('file') }).file('web', keys)).toThrow(
    /host keys cannot be kept in .*file\/mvirt\/known_hosts: ENOTDIR/,
  );
});
