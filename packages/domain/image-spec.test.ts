import { expect, test } from 'bun:test';
import { diskSizeSchema, guessImageUser, imageNameSchema, importImageSchema } from './image-spec.ts';

test.each([
  ['web', 'https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2', 'debian'],
  ['web', 'https://example.org/noble-server-cloudimg-amd64.img', 'ubuntu'],
  ['web', 'https://cloud-images.ubuntu.com/x/disk.img', 'ubuntu'],
  ['debian-like', '/home/me/ubuntu.img', 'debian'],
  ['base', 'Fedora-Cloud-Base-Generic.x86_64-40-1.14.qcow2', 'fedora'],
  ['base', 'AlmaLinux-9-GenericCloud-latest.x86_64.qcow2', 'almalinux'],
  ['base', 'Rocky-9-GenericCloud.latest.x86_64.qcow2', 'rocky'],
  ['base', 'CentOS-Stream-GenericCloud-9.qcow2', 'cloud-user'],
  ['base', 'Arch-Linux-x86_64-cloudimg.qcow2', 'arch'],
  ['alpine', null, 'alpine'],
  ['monarch', null, null],
  ['obsidian', '/srv/residual.img', null],
  ['web', null, null],
])('%s from %p: %p logs in', (name, source, user) => expect(guessImageUser({ name, source })).toBe(user));

test("an image's name is a file's name that hides nothing", () => {
  for (const name of ['a', 'debian-12', 'debian-12.5_x', 'a'.repeat(63)]) expect(imageNameSchema.safeParse(name).success).toBe(true);
  for (const name of ['', '.', '..', '.a', 'a.', '-a', 'a-', 'A', 'a/b', 'a b', 'ä', 'a\n', 'a'.repeat(64)])
    expect([name, imageNameSchema.safeParse(name).success]).toEqual([name, false]);
});

test('an import is strict', () => {
  const sha256 = 'AB'.repeat(32);
  expect(importImageSchema.parse({ name: 'a', sha256 })).toEqual({
    name: 'a',
    format: null,
    sha256: sha256.toLowerCase(),
    user: null,
    source: null,
    resumeKey: null,
  });
  for (const wrong of [
    { sha256: 'ab' },
    { format: 'vmdk' },
    { user: 'Root' },
    { user: '-oProxyCommand=x' },
    { source: 'a\nb' },
    { resumeKey: 'x' },
    { more: 1 },
  ])
    expect([wrong, importImageSchema.safeParse({ name: 'a', ...wrong }).success]).toEqual([wrong, false]);
});

test('a disk has whole MiB, one at least', () => {
  const taken = [2 ** 20, 10 * 2 ** 30, 64 * 2 ** 40];
  for (const bytes of taken) expect(diskSizeSchema.parse(bytes)).toBe(bytes);
  for (const bytes of [0, -1, 2 ** 20 - 1, 2 ** 20 + 512, 64 * 2 ** 40 + 2 ** 20, 1.5, Number.NaN]) expect(diskSizeSchema.safeParse(bytes).success).toBe(false);
});
