import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import type { VmSpec } from '@mvirt/domain';
import { plainSpec } from '@mvirt/testkit/hypervisor/request';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { checkSpec, mostDevices } from './check.ts';

const disks = Array.from({ length: mostDevices + 1 }, (_, index) => ({ path: `/d/${index}`, readonly: false, format: 'raw' as const }));
const refused: [name: string, change: Partial<VmSpec>, code: string, words: string][] = [
  ['a disk boot without a firmware', { kernel: null }, 'UNSUPPORTED', 'firmware: cloud-hypervisor has none of its own'],
  ["QEMU's firmware", { firmware: '/usr/share/OVMF/OVMF_CODE.fd' }, 'UNSUPPORTED', 'firmware: /usr/share/OVMF/OVMF_CODE.fd is built for QEMU'],
  ['a missing firmware', { firmware: '/no/CLOUDHV.fd' }, 'FILE_NOT_FOUND', 'firmware: /no/CLOUDHV.fd'],
  ['a vhost-user NIC', { nics: [{ tap: null, mac: null, vhostSocket: '/run/v.sock', network: null }] }, 'UNSUPPORTED', 'nics.0.vhost_socket'],
  ['nesting on a host that cannot', { nestedVirt: true }, 'UNSUPPORTED', 'nested_virt'],
  ['too many vCPUs', { vcpus: 255 }, 'UNSUPPORTED', 'vcpus: 255'],
  ['little memory', { memoryMib: 8 }, 'UNSUPPORTED', 'memory: 8 MiB'],
  ['more devices than slots', { disks }, 'UNSUPPORTED', 'disks: 29 disks'],
  ['a missing disk', { disks: disks.slice(0, 1) }, 'FILE_NOT_FOUND', 'disks.0: /d/0'],
];

test.each(refused)('%s is refused by the name of its field', (_name, change, code, words) => {
  using dir = tempDir('check');
  writeFileSync(dir.join('kernel'), '');
  const check = () => checkSpec({ ...plainSpec, kernel: dir.join('kernel'), ...change }, { nestedVirtAllowed: () => false });
  expect(check).toThrow(words);
  expect(check).toThrow(expect.objectContaining({ code }));
});

test('what is too little for it is raised by a command that there is', () => {
  const check = () => checkSpec({ ...plainSpec, memoryMib: 8 }, { nestedVirtAllowed: () => false });
  expect(check).toThrow(expect.objectContaining({ hint: 'give at least 16 MiB: mvirt set VM memory=16M' }));
});

test('what exists and fits is taken', () => {
  using dir = tempDir('check');
  writeFileSync(dir.join('CLOUDHV.fd'), '');
  checkSpec({ ...plainSpec, kernel: dir.join('CLOUDHV.fd'), nestedVirt: true }, { nestedVirtAllowed: () => true });
});
