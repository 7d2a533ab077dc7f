import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianTree } from '@mvirt/testkit/debian-tree';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { type SeedInput, seedFiles } from './seed.ts';

const python = '/usr/bin/python3';
const modules =
  'yaml jinja2 markupsafe configobj six jsonschema jsonpatch json-pointer attr pyrsistent oauthlib requests urllib3 idna chardet certifi netifaces serial';
const { root, missing } = existsSync(python)
  ? await debianTree(['cloud-init', ...modules.split(' ').map((name) => `python3-${name}`)])
  : { root: null, missing: `${python} is missing (Debian package python3)` };
if (missing !== null) console.log(`skip: cloud-init cannot be run: ${missing}`);

type Read = { source: string; instanceId: string; hostname: string; network: object; config: Record<string, unknown>; scripts: string[] };

const key = 'ssh-ed25519 AAAAC3Nza alice@host';
const input: SeedInput = { vmId: '0f3b7a52-1111-4222-8333-444455556666', name: 'web1', userData: null, sshKeys: [], macs: [] };

/** What Debian's cloud-init makes of a seed. It writes into the test's own folder only. */
function readByCloudInit(change: Partial<SeedInput>): Read {
  using dir = tempDir('seed');
  mkdirSync(dir.join('cloud/seed/nocloud'), { recursive: true });
  for (const { name, content } of seedFiles({ ...input, ...change })) writeFileSync(dir.join('cloud/seed/nocloud', name), content);
  const script = join(import.meta.dir, 'testdata/read-seed.py');
  return JSON.parse(execFileSync(python, ['-B', script, root ?? '', dir.path], { encoding: 'utf8' }));
}

test.skipIf(missing !== null)('identity, name and network', () => {
  const macs = ['52:54:00:ab:cd:ef', '52:54:00:00:00:01'];
  const read = readByCloudInit({ macs });
  expect(read).toMatchObject({ source: expect.stringContaining('NoCloud'), instanceId: input.vmId, hostname: 'web1', scripts: [] });
  expect(read.network).toEqual({
    version: 2,
    ethernets: {
      nic0: { match: { macaddress: macs[0] }, dhcp4: true, dhcp6: true },
      nic1: { match: { macaddress: macs[1] }, dhcp4: true, dhcp6: true, optional: true },
    },
  });
});

test.skipIf(missing !== null)('names that look like something else, ids that look like numbers', () => {
  expect(readByCloudInit({ vmId: '123', name: 'true' })).toMatchObject({ instanceId: '123', hostname: 'true' });
  expect(readByCloudInit({ vmId: '1e3', name: null })).toMatchObject({ instanceId: '1e3', hostname: 'vm-1e3' });
});

test.skipIf(missing !== null)('keys without user-data', () => {
  expect(readByCloudInit({ sshKeys: [key] }).config).toEqual({ ssh_authorized_keys: [key] });
});

test.skipIf(missing !== null)('a cloud-config with keys: nothing else changes', () => {
  const read = readByCloudInit({ userData: '#cloud-config\nwrite_files: [{path: /x, permissions: 0644, content: grüße}]', sshKeys: [key] });
  expect(read.config).toEqual({ write_files: [{ path: '/x', permissions: 0o644, content: 'grüße' }], ssh_authorized_keys: [key] });
});

test.skipIf(missing !== null)("a cloud-config with keys of its own: ours come behind the user's", () => {
  const userData = '#cloud-config\n{hostname: other, ssh_authorized_keys: [mine], runcmd: [[echo, grüße]]}\n';
  expect(readByCloudInit({ userData, sshKeys: [key] }).config).toMatchObject({
    hostname: 'other',
    ssh_authorized_keys: ['mine', key],
    runcmd: [['echo', 'grüße']],
  });
});

test.skipIf(missing !== null)('a script, alone and with keys', () => {
  const userData = '#!/bin/sh\necho "grüße"\n';
  expect(readByCloudInit({ userData })).toMatchObject({ scripts: [userData], config: {} });
  const both = readByCloudInit({ userData, sshKeys: [key] });
  expect(both.scripts).toEqual([userData]);
  expect(both.config).toMatchObject({ ssh_authorized_keys: [key] });
});

test.skipIf(missing !== null)("a message of the user's own, with keys", () => {
  const userData = [
    'Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n',
    '--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho one\n',
    '--b\nContent-Type: text/cloud-config\n\n#cloud-config\nlocale: C.UTF-8\n',
    '--b--',
  ].join('\n');
  const read = readByCloudInit({ userData, sshKeys: [key] });
  expect(read.scripts.map((text) => text.trim())).toEqual(['#!/bin/sh\necho one']);
  expect(read.config).toMatchObject({ locale: 'C.UTF-8', ssh_authorized_keys: [key] });
});

test.skipIf(missing !== null).each(['networkd', 'netplan', 'eni'])('the network configuration renders for %s', (kind) => {
  using dir = tempDir('net');
  for (const macs of [[], ['52:54:00:ab:cd:ef', '52:54:00:00:00:01']]) {
    for (const { name, content } of seedFiles({ ...input, macs })) writeFileSync(dir.join(name), content);
    const out = dir.join(`out-${macs.length}`);
    const argv = ['-B', '-m', 'cloudinit.cmd.devel.net_convert', '-p', dir.join('network-config'), '-k', 'yaml', '-d', out, '-D', 'debian', '-O', kind];
    execFileSync(python, argv, { env: { PYTHONPATH: join(root ?? '', 'usr/lib/python3/dist-packages') }, stdio: 'pipe' });
    const paths = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const text = paths.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');
    for (const mac of macs) expect(text).toContain(mac);
    if (macs.length > 0) expect(text).toMatch(/DHCP=yes|dhcp4: true|inet dhcp/);
  }
});
