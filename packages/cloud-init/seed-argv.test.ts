import { expect, test } from 'bun:test';
import { seedArgv } from './seed-argv.ts';

const place = { directory: '/run/vm/a b', output: '/run/vm/cloudinit.img' };

test('the plans', () => {
  expect(seedArgv({ program: 'genisoimage', ...place })).toEqual([
    ['genisoimage', '-quiet', '-output', '/run/vm/cloudinit.img', '-volid', 'cidata', '-joliet', '-rock', '/run/vm/a b'],
  ]);
  expect(seedArgv({ program: 'xorriso', ...place })).toEqual([
    ['xorriso', '-as', 'genisoimage', '-quiet', '-output', '/run/vm/cloudinit.img', '-volid', 'cidata', '-joliet', '-rock', '/run/vm/a b'],
  ]);
  expect(seedArgv({ program: 'mkfs.vfat', ...place })).toEqual([
    ['mkfs.vfat', '-n', 'CIDATA', '-C', '/run/vm/cloudinit.img', '8192'],
    ['mcopy', '-o', '-i', '/run/vm/cloudinit.img', '/run/vm/a b/meta-data', '/run/vm/a b/network-config', '/run/vm/a b/user-data', '::'],
  ]);
});
