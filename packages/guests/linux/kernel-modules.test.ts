import { expect, test } from 'bun:test';
import { dependsOn, inLoadOrder, moduleName } from './kernel-modules.ts';

const module = (name: string, depends: string) => ({ name, bytes: Buffer.from(`\x7fELF\0license=GPL\0depends=${depends}\0name=${name}\0`, 'latin1') });
const present = new Map(
  [
    module('virtio_net', 'net_failover,virtio'),
    module('net_failover', 'failover'),
    module('failover', ''),
    module('virtio', ''),
    module('virtio_blk', 'virtio'),
  ].map((one) => [one.name, one] as const),
);

test('each module follows what it depends on, once; what is built in is passed over', async () => {
  const ordered = await inLoadOrder(['virtio-net', 'button', 'virtio_blk', 'virtio_net'], async (name) => present.get(name.replaceAll('-', '_')) ?? null);
  expect(ordered.map(({ name }) => name)).toEqual(['failover', 'net_failover', 'virtio', 'virtio_net', 'virtio_blk']);
});

test('modules that name each other do not hang', async () => {
  const ring = new Map([module('a', 'b'), module('b', 'a')].map((one) => [one.name, one] as const));
  expect((await inLoadOrder(['a'], async (name) => ring.get(name) ?? null)).map(({ name }) => name)).toEqual(['b', 'a']);
});

test('a file without module information depends on nothing', () => {
  expect(dependsOn(Buffer.from('plain'))).toEqual([]);
});

test.each([
  ['kernel/drivers/char/hw_random/virtio-rng.ko', 'virtio_rng'],
  ['kernel/fs/fat/vfat.ko.xz', 'vfat'],
  ['kernel/fs/fat/vfat.ko.zst', 'vfat'],
  ['modules.order', null],
])('%s is the module %p', (path, name) => {
  expect(moduleName(path)).toBe(name);
});
