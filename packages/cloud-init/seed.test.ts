import { expect, test } from 'bun:test';
import { parse } from 'yaml';
import { type SeedInput, seedFiles } from './seed.ts';

const key = 'ssh-ed25519 AAAAC3Nza alice@host';
const input: SeedInput = { vmId: '0f3b7a52-1111-4222-8333-444455556666', name: 'web1', userData: null, sshKeys: [], macs: [] };
const seed = (change: Partial<SeedInput>): Record<string, string> =>
  Object.fromEntries(seedFiles({ ...input, ...change }).map(({ name, content }) => [name, content]));

test('a VM of which nothing is said still gets its name', () => {
  expect(seed({})).toEqual({
    'meta-data': 'instance-id: "0f3b7a52-1111-4222-8333-444455556666"\nlocal-hostname: "web1"\n',
    'network-config': 'version: 2\nethernets: {}\n',
    'user-data': '#cloud-config\n{}\n',
  });
});

test('one entry per NIC, by its MAC; only the first is waited for', () => {
  expect(seed({ macs: ['52:54:00:AB:CD:EF', '52:54:00:00:00:01'] })['network-config']).toBe(`version: 2
ethernets:
  nic0:
    match:
      macaddress: "52:54:00:ab:cd:ef"
    dhcp4: true
    dhcp6: true
  nic1:
    match:
      macaddress: "52:54:00:00:00:01"
    dhcp4: true
    dhcp6: true
    optional: true
`);
});

test.each([
  ['web1', 'web1'],
  ['true', 'true'],
  ['1e3', '1e3'],
  ['my "VM": {x}', 'my-VM-x'],
  ['línea\nlocal-hostname: other', 'l-nea-local-hostname-other'],
  ['-dash-', 'dash'],
  ['a'.repeat(80), 'a'.repeat(63)],
  ['§§', 'vm-0f3b7a52'],
  ['', 'vm-0f3b7a52'],
  [null, 'vm-0f3b7a52'],
])('the name %p gives the hostname %p, as a string', (name, hostname) => {
  expect(parse(seed({ name })['meta-data'] ?? '', { version: '1.1' })).toEqual({ 'instance-id': input.vmId, 'local-hostname': hostname });
});

test('an id that looks like a number or a boolean stays text', () => {
  for (const vmId of ['123', 'true', '1e3', '0x10']) expect(parse(seed({ vmId })['meta-data'] ?? '')['instance-id']).toBe(vmId);
});

test('the same VM has the same seed', () => {
  expect(seed({ sshKeys: [key], userData: '#!/bin/sh\n' })).toEqual(seed({ sshKeys: [key], userData: '#!/bin/sh\n' }));
});
