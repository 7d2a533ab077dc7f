import { expect, test } from 'bun:test';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { VmSpec } from '@mvirt/domain';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import { type CheckDeps, checkSpec } from './check.ts';

const deps: CheckDeps = { accelerator: { name: 'tcg', cpu: 'max' }, firmwareFiles: { ovmf: null, exists: () => true }, nestedVirtAllowed: () => true };

function specIn(path: string): VmSpec {
  writeFileSync(path, '');
  return vmSpec({ bootMode: 'unspecified', kernel: path });
}
const disk = (path: string) => ({ path, readonly: false, format: 'raw' as const });

const refused: [name: string, change: Partial<VmSpec>, code: string, words: string][] = [
  ['a vhost-user NIC', { nics: [{ tap: null, mac: null, vhostSocket: '/run/v.sock', network: null }] }, 'UNSUPPORTED', 'nics.0.vhost_socket'],
  ['nesting without KVM', { nestedVirt: true }, 'UNSUPPORTED', 'nested_virt'],
  ['little memory', { memoryMib: 8 }, 'UNSUPPORTED', 'memory: 8 MiB'],
  ['memory that is no whole number', { memoryMib: 64.5 }, 'UNSUPPORTED', 'memory'],
  ['no vCPU', { vcpus: 0 }, 'UNSUPPORTED', 'vcpus: 0'],
  ['too many vCPUs', { vcpus: 256 }, 'UNSUPPORTED', 'vcpus: 256'],
  ['a missing kernel', { kernel: '/no/kernel' }, 'FILE_NOT_FOUND', '/no/kernel'],
  ['a missing initramfs', { initramfs: '/no/initramfs' }, 'FILE_NOT_FOUND', '/no/initramfs'],
  ['a missing firmware', { firmware: '/no/firmware' }, 'FILE_NOT_FOUND', '/no/firmware'],
  ['a missing disk', { disks: [disk('/no/disk')] }, 'FILE_NOT_FOUND', 'disks.0: /no/disk'],
  ['a relative path', { disks: [disk('disk')] }, 'UNSUPPORTED', 'disks.0: disk is not an absolute path'],
  ['a folder as a disk', { disks: [disk('/etc')] }, 'UNSUPPORTED', 'disks.0: /etc'],
];

test.each(refused)('%s is refused by the name of its field', (_name, change, code, words) => {
  using dir = tempDir('check');
  const spec = { ...specIn(dir.join('kernel')), ...change };
  const check = () => checkSpec(spec, deps);
  expect(check).toThrow(words);
  expect(check).toThrow(expect.objectContaining({ code }));
});

test('what exists and fits is taken; a firmware for cloud-hypervisor need not exist, as another takes its place', () => {
  using dir = tempDir('check');
  const spec = specIn(dir.join('kernel'));
  writeFileSync(dir.join('disk'), '');
  checkSpec({ ...spec, disks: [disk(dir.join('disk'))] }, deps);
  checkSpec({ ...spec, kernel: '/no/hypervisor-fw' }, deps);
  checkSpec({ ...spec, nestedVirt: true }, { ...deps, accelerator: null });
  checkSpec({ ...spec, nestedVirt: true }, { ...deps, accelerator: { name: 'kvm', cpu: 'host' } });
  expect(() => checkSpec({ ...spec, disks: [disk(dir.join('disk')), disk(dir.join('disk'))] }, deps)).toThrow('is named twice');
});

test('a file that the agent may not read is named', () => {
  using dir = tempDir('check');
  const spec = specIn(dir.join('kernel'));
  if (process.getuid?.() === 0) {
    // root reads everything: only the check of the kind is left to see.
    mkdirSync(dir.join('folder'));
    expect(() => checkSpec({ ...spec, kernel: dir.join('folder') }, deps)).toThrow('neither a file nor a block device');
    return;
  }
  chmodSync(dir.join('kernel'), 0);
  expect(() => checkSpec(spec, deps)).toThrow('cannot be read by the agent');
});
