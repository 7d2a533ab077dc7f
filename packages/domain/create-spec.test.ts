import { describe, expect, test } from 'bun:test';
import { type CreateInput, createSpecSchema, parseCreate } from './create-spec.ts';
import { MvirtError } from './error.ts';

const host = { cpus: 2, memoryMib: 4096 };
const disk: CreateInput = { disks: [{ path: '/images/a.qcow2' }] };

/** The message of the refusal. */
function refusal(input: unknown): string {
  try {
    parseCreate(input, host);
  } catch (thrown) {
    if (!(thrown instanceof MvirtError)) throw thrown;
    expect(thrown.code).toBe('INVALID_ARGUMENT');
    expect(thrown.hint).not.toBe('');
    return thrown.message;
  }
  return 'accepted';
}

test('defaults: one vCPU, 512 MiB, no NIC, boots the disk', () => {
  const { spec, id, name, warnings } = parseCreate(disk, host);
  expect(spec).toEqual({
    vcpus: 1,
    memoryMib: 512,
    maxVcpus: null,
    maxMemoryMib: null,
    bootMode: 'disk',
    kernel: null,
    initramfs: null,
    cmdline: null,
    firmware: null,
    disks: [{ path: '/images/a.qcow2', readonly: false, format: 'qcow2' }],
    ownDisk: null,
    nics: [],
    userData: null,
    nestedVirt: false,
    sshKeys: [],
    labels: {},
    hypervisor: 'auto',
    restart: 'never',
    autostart: null,
  });
  expect([id, name, warnings]).toEqual([undefined, undefined, []]);
});

test('everything given comes through; a MAC is lower-cased, a key is trimmed', () => {
  const { spec, id, name } = parseCreate(
    {
      id: 'A_1.x-y',
      name: 'web-1',
      vcpus: 2,
      memoryMib: 64,
      kernel: '/boot/vmlinuz',
      initramfs: '/boot/initrd',
      cmdline: 'console=ttyS0 ä',
      disks: [{ path: '/a', readonly: true, format: 'qcow2' }, { path: '/b,readonly=off' }],
      nics: [{ mac: '52:54:00:AB:CD:EF' }, { tap: 'tap0' }],
      userData: '#!/bin/sh\n\techo "hi"\n',
      sshKeys: ['  ssh-ed25519 AAAAC3Nz me@host \n', 'sk-ssh-ed25519@openssh.com AAAA=='],
      labels: { 'team/a': 'x y', constructor: '' },
      hypervisor: 'qemu',
    },
    host,
  );
  expect([id as string | undefined, name]).toEqual(['A_1.x-y', 'web-1']);
  expect(spec).toMatchObject({
    bootMode: 'kernel',
    kernel: '/boot/vmlinuz',
    disks: [
      { path: '/a', readonly: true, format: 'qcow2' },
      { path: '/b,readonly=off', readonly: false, format: 'raw' },
    ],
    nics: [
      { tap: null, mac: '52:54:00:ab:cd:ef', vhostSocket: null },
      { tap: 'tap0', mac: null, vhostSocket: null },
    ],
    sshKeys: ['ssh-ed25519 AAAAC3Nz me@host', 'sk-ssh-ed25519@openssh.com AAAA=='],
    labels: { 'team/a': 'x y', constructor: '' },
  });
});

const hostileNames = [
  '',
  '../x',
  '-rf',
  'x-',
  'a b',
  'a\n',
  'a\0',
  'x'.repeat(64),
  'x'.repeat(300),
  'Web',
  'ä',
  'a\u202eb',
  'a.b',
  'a_b',
  '{}',
  '$(id)',
  'а' /* Cyrillic */,
];

test.each(hostileNames)('name %p is refused', (name) => {
  expect(refusal({ ...disk, name })).toBe('name: must be 1 to 63 of a-z 0-9 - and not start or end with a dash');
});

test.each(['a', '0', 'a-b', 'x'.repeat(63)])('name %p is taken', (name) => {
  expect(parseCreate({ ...disk, name }, host).name).toBe(name);
});

test.each(['', '.', '..', '.a', '-a', 'a/b', 'a b', 'a\n', 'a\0', 'x'.repeat(65), 'ü', '../../etc/passwd'])('id %p is refused', (id) => {
  expect(refusal({ ...disk, id })).toBe('id: must be 1 to 64 of A-Z a-z 0-9 . _ - and not start with a dot or dash');
});

const hostilePaths: [path: string, reason: string][] = [
  ['', 'must not be empty'],
  ['a', 'must be an absolute path'],
  ['../x', 'must be an absolute path'],
  ['-rf', 'must be an absolute path'],
  ['~/x', 'must be an absolute path'],
  ['file:///x', 'must be an absolute path'],
  ['/images/../etc/shadow', 'must not contain ".."'],
  ['/..', 'must not contain ".."'],
  ['/a\nb', 'must not contain control characters'],
  ['/a\0b', 'must not contain control characters'],
  ['/a\u001b[31m', 'must not contain control characters'],
  ['/a\u009b31m', 'must not contain control characters'],
  ['/a\u202egpj.b', 'must not contain control characters'],
  ['/\ud800', 'must be valid Unicode'],
  ['/proc/self/mem', 'must not be in /proc or /sys'],
  ['//proc/./self/mem', 'must not be in /proc or /sys'],
  ['/./sys/power/state', 'must not be in /proc or /sys'],
  [`/${'x'.repeat(4095)}`, 'must be at most 4095 bytes long'],
  [`/${'ü'.repeat(2048)}`, 'must be at most 4095 bytes long'],
];

describe.each(['kernel', 'initramfs', 'firmware', 'disks.0.path'])('%s', (field) => {
  const input = (path: string) => {
    if (field === 'disks.0.path') return { disks: [{ path }] };
    return field === 'initramfs' ? { kernel: '/k', initramfs: path } : { [field]: path };
  };

  test.each(hostilePaths)('%p is refused', (path, reason) => {
    expect(refusal(input(path))).toBe(`${field}: ${reason}`);
  });

  test.each(['/a', '/a b', '/a,b=c', '/-rf', '/ü/ß', '/procs/x', `/${'x'.repeat(300)}`, `/${'x'.repeat(4094)}`])('%p is taken', (path) => {
    expect(refusal(input(path))).toBe('accepted');
  });
});

const refused: [why: string, input: unknown, message: string | RegExp][] = [
  ['nothing to boot', {}, 'disks: nothing to boot: give an image, a disk, a kernel or a firmware'],
  ['kernel and firmware', { kernel: '/k', firmware: '/f' }, 'firmware: cannot be given with a kernel: choose one'],
  ['initramfs alone', { ...disk, initramfs: '/i' }, 'initramfs: needs a kernel'],
  ['cmdline alone', { ...disk, cmdline: 'quiet' }, 'cmdline: needs a kernel'],
  ['cmdline with a newline', { kernel: '/k', cmdline: 'a\nb' }, 'cmdline: must not contain control characters'],
  ['cmdline with NUL', { kernel: '/k', cmdline: 'a\0b' }, /^cmdline: must not contain/],
  ['cmdline too long', { kernel: '/k', cmdline: 'x'.repeat(65_536) }, /^cmdline: /],
  ['no vCPU', { ...disk, vcpus: 0 }, /^vcpus: /],
  ['minus one vCPU', { ...disk, vcpus: -1 }, /^vcpus: /],
  ['half a vCPU', { ...disk, vcpus: 1.5 }, /^vcpus: /],
  ['vCPUs as text', { ...disk, vcpus: '2' }, /^vcpus: /],
  ['vCPUs not a number', { ...disk, vcpus: Number.NaN }, /^vcpus: /],
  ['more than 8 vCPUs a CPU', { ...disk, vcpus: 17 }, "vcpus: 17 is more than 8 for each of this host's 2 CPUs"],
  ['too little memory', { ...disk, memoryMib: 63 }, 'memory: must be at least 64 MiB'],
  ['more memory than there is', { ...disk, memoryMib: 4097 }, 'memory: 4097 MiB is more than this host has'],
  ['more vCPUs than it may have', { ...disk, vcpus: 2, maxVcpus: 1 }, 'vcpus: 2 is more than max-vcpus, 1'],
  ['more memory than it may have', { ...disk, memoryMib: 512, maxMemoryMib: 256 }, 'memory: 512 MiB is more than max-memory, 256 MiB'],
  ['a most of vCPUs beyond the host', { ...disk, maxVcpus: 17 }, "max-vcpus: 17 is more than 8 for each of this host's 2 CPUs"],
  ['a most of memory beyond the host', { ...disk, maxMemoryMib: 4097 }, 'max-memory: 4097 MiB is more than this host has'],
  ['no most at all', { ...disk, maxMemoryMib: 0 }, 'max-memory: must be at least 64 MiB'],
  ['endless memory', { ...disk, memoryMib: Number.POSITIVE_INFINITY }, /^memory: /],
  ['a disk twice', { disks: [{ path: '/a' }, { path: '/a' }] }, 'disks: names the same path twice'],
  ['a disk twice, spelled otherwise', { disks: [{ path: '/x/a' }, { path: '//x/./a' }] }, 'disks: names the same path twice'],
  ['a disk of no known format', { disks: [{ path: '/a', format: 'vmdk' }] }, /^disks\.0\.format: /],
  ['a disk with an unknown key', { disks: [{ path: '/a', cache: 'unsafe' }] }, 'disks.0: unknown key cache'],
  ['too many disks', { disks: Array.from({ length: 25 }, (_, index) => ({ path: `/${index}` })) }, /^disks: /],
  ['a MAC twice', { ...disk, nics: [{ mac: '52:54:00:00:00:0a' }, { mac: '52:54:00:00:00:0A' }] }, 'nics: names the same MAC twice'],
  ['a TAP twice', { ...disk, nics: [{ tap: 't0' }, { tap: 't0' }] }, 'nics: names the same TAP twice'],
  ['a multicast MAC', { ...disk, nics: [{ mac: '01:00:5e:00:00:01' }] }, 'nics.0.mac: must be a unicast address: its first byte is even'],
  ['a MAC of zeroes', { ...disk, nics: [{ mac: '00:00:00:00:00:00' }] }, 'nics.0.mac: must not be all zero'],
  ['a short MAC', { ...disk, nics: [{ mac: '52:54:00:00:00' }] }, /^nics\.0\.mac: must be six bytes/],
  ['a TAP that is an option', { ...disk, nics: [{ tap: '-rf' }] }, 'nics.0.tap: must be the name of a TAP, 1 to 15 characters'],
  ['a TAP that is a path', { ...disk, nics: [{ tap: '../x' }] }, /^nics\.0\.tap: /],
  ['a TAP that is too long', { ...disk, nics: [{ tap: 'x'.repeat(16) }] }, /^nics\.0\.tap: /],
  ['too many NICs', { ...disk, nics: Array.from({ length: 9 }, () => ({})) }, /^nics: /],
  ['user-data with NUL', { ...disk, userData: 'a\0' }, 'userData: must not contain NUL'],
  ['user-data over 1 MiB', { ...disk, userData: 'x'.repeat(1_048_577) }, /^userData: /],
  ['a private key', { ...disk, sshKeys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] }, /^sshKeys\.0: must be one public key line/],
  ['two keys in one', { ...disk, sshKeys: ['ssh-rsa AAAA a\nssh-rsa AAAA b'] }, /^sshKeys\.0: /],
  ['a key with options', { ...disk, sshKeys: ['command="id" ssh-rsa AAAA'] }, /^sshKeys\.0: /],
  ['a label key with a space', { ...disk, labels: { 'a b': 'x' } }, 'labels.a b: label keys are 1 to 63 of A-Z a-z 0-9 . _ / -'],
  ['an empty label key', { ...disk, labels: { '': 'x' } }, /label keys are/],
  ['a label with a newline', { ...disk, labels: { a: 'x\ny' } }, 'labels.a: must not contain control characters'],
  ['65 labels', { ...disk, labels: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, ''])) }, 'labels: must be at most 64'],
  ['another hypervisor', { ...disk, hypervisor: 'xen' }, /^hypervisor: /],
  ['an unknown key', { ...disk, cpus: 2 }, 'unknown key cpus'],
  ['an unknown key that a terminal would obey', { ...disk, '\u001b[2J': 2 }, 'unknown key \\u{1b}[2J'],
  ['a label key that a terminal would obey', { ...disk, labels: { 'a\u009b2J': '' } }, /^labels\.a\\u\{9b\}2J: label keys/],
  ['a very long key', { ...disk, ['k'.repeat(500)]: 1 }, `unknown key ${'k'.repeat(80)}…`],
  ['no object', 'x', /./],
  ['null', null, /./],
  ['a list', [], /./],
];

test.each(refused)('%s', (_, input, message) => {
  expect(refusal(input)).toMatch(typeof message === 'string' ? new RegExp(`^${RegExp.escape(message)}$`) : message);
  expect(refusal(input)).not.toBe('accepted');
});

test('a key __proto__ out of JSON is refused and pollutes nothing', () => {
  expect(refusal(JSON.parse('{"disks":[{"path":"/a"}],"__proto__":{"vcpus":9}}'))).not.toBe('accepted');
  expect(refusal(JSON.parse('{"disks":[{"path":"/a"}],"labels":{"__proto__":"x"}}'))).toMatch(/label keys|accepted/);
  expect(({} as Record<string, unknown>).vcpus).toBeUndefined();
});

test('more vCPUs than CPUs run, slowly: a warning that says so', () => {
  expect(parseCreate({ ...disk, vcpus: 2 }, host).warnings).toEqual([]);
  expect(parseCreate({ ...disk, vcpus: 3 }, host).warnings).toEqual(['3 vCPUs on a host with 2: the VM will be slow']);
  expect(parseCreate({ ...disk, vcpus: 16, memoryMib: 4096 }, host).warnings).toHaveLength(1);
});

test('what it gives is what it takes: a spec parses again to itself', () => {
  const once = createSpecSchema.parse({ kernel: '/k', nics: [{}], labels: { a: 'b' } });
  expect(createSpecSchema.parse(once)).toEqual(once);
});
