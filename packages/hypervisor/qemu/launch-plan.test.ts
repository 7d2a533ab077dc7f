import { expect, test } from 'bun:test';
import type { Disk, RunRecord, VmSpec } from '@mvirt/domain';
import { type LaunchPlanInput, planLaunch, spareRootPorts } from './launch-plan.ts';

const spec: VmSpec = {
  vcpus: 2,
  memoryMib: 512,
  maxVcpus: null,
  maxMemoryMib: null,
  bootMode: 'unspecified',
  kernel: '/boot/vmlinux',
  initramfs: '/boot/initrd,with,commas',
  cmdline: 'console=ttyS0 quiet',
  firmware: null,
  disks: [],
  nics: [],
  userData: null,
  nestedVirt: false,
  ownDisk: null,
  sshKeys: [],
  labels: {},
  hypervisor: 'auto',
  restart: 'never',
  autostart: null,
};
const disks: Disk[] = [
  { path: '/d/root, the first.qcow2', readonly: false, format: 'qcow2' },
  { path: '/d/data', readonly: true, format: 'raw' },
];
const nics = [{ index: 0, tap: 'mvirt-12345678', mac: '52:54:00:12:34:56' }];
const run: RunRecord = { vmId: 'web1', runDir: '/var/vm/web1', runId: 'r1', hypervisor: 'qemu', process: null, disks, nics };

const plan = (change: Partial<LaunchPlanInput> = {}) =>
  planLaunch({
    program: '/usr/bin/qemu-system-x86_64',
    run,
    spec,
    seedImage: '/var/vm/web1/cloudinit.img',
    accelerator: { name: 'tcg', cpu: 'max' },
    firmwareFiles: { ovmf: null, exists: () => true },
    ...change,
  });

/** The values that follow an option, parsed where they are JSON. */
const values = (argv: string[], option: string): unknown[] =>
  argv.flatMap((word, at) => {
    const value = argv[at + 1];
    if (word !== option || value === undefined) return [];
    return [value.startsWith('{') ? JSON.parse(value) : value];
  });
const drivers = (argv: string[], driver: string) => values(argv, '-device').filter((device) => JSON.stringify(device).includes(`"${driver}"`));

test('the whole command line of a VM with two disks, a seed and a NIC', () => {
  const { argv, copies, notes } = plan();
  expect(copies).toEqual([]);
  expect(notes).toEqual([]);
  const withoutPorts = argv.filter((word, at) => !word.includes('pcie-root-port') && !(word === '-device' && argv[at + 1]?.includes('pcie-root-port')));
  expect(withoutPorts).toEqual([
    '/usr/bin/qemu-system-x86_64',
    ...['-name', 'web1', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', 'q35,vmport=off', '-accel', 'tcg', '-cpu', 'max', '-smp', 'cpus=2', '-m', '512M'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-action', 'reboot=reset,shutdown=poweroff,panic=shutdown'],
    ...['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial'],
    ...['-chardev', 'socket,id=qmp,path=qmp.sock,server=on,wait=off', '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', 'pipe,id=events,path=events-r1', '-mon', 'chardev=events,mode=control'],
    ...['-kernel', '/boot/vmlinux', '-initrd', '/boot/initrd,with,commas', '-append', 'console=ttyS0 quiet'],
    ...['-device', '{"driver":"pvpanic-pci","bus":"pcie.0","addr":"2.0"}'],
    ...['-object', '{"qom-type":"rng-random","id":"rng","filename":"/dev/urandom"}'],
    ...['-device', '{"driver":"virtio-rng-pci","rng":"rng","bus":"pcie.0","addr":"3.0"}'],
    '-blockdev',
    '{"driver":"qcow2","node-name":"node-bead9975b8650364","read-only":false,"discard":"unmap","file":{"driver":"file","filename":"/d/root, the first.qcow2","locking":"auto","read-only":false,"discard":"unmap"}}',
    ...['-device', '{"driver":"virtio-blk-pci","id":"disk-bead9975b8650364","drive":"node-bead9975b8650364","bus":"rp0"}'],
    '-blockdev',
    '{"driver":"raw","node-name":"node-1c91635e792fa193","read-only":true,"discard":"unmap","file":{"driver":"file","filename":"/d/data","locking":"auto","read-only":true,"discard":"unmap"}}',
    ...['-device', '{"driver":"virtio-blk-pci","id":"disk-1c91635e792fa193","drive":"node-1c91635e792fa193","bus":"rp1"}'],
    '-blockdev',
    '{"driver":"raw","node-name":"node-c43f7fae6be3937a","read-only":true,"discard":"unmap","file":{"driver":"file","filename":"/var/vm/web1/cloudinit.img","locking":"auto","read-only":true,"discard":"unmap"}}',
    ...['-device', '{"driver":"virtio-blk-pci","id":"disk-c43f7fae6be3937a","drive":"node-c43f7fae6be3937a","bus":"rp2"}'],
    ...['-netdev', '{"type":"tap","id":"net-525400123456","ifname":"mvirt-12345678","script":"no","downscript":"no"}'],
    '-device',
    '{"driver":"virtio-net-pci","id":"nic-525400123456","netdev":"net-525400123456","mac":"52:54:00:12:34:56","romfile":"","bus":"rp3"}',
  ]);
});

test('every device has a root port of its own, and eight are free for hot-plug', () => {
  const ports = drivers(plan().argv, 'pcie-root-port');
  expect(ports).toHaveLength(4 + spareRootPorts);
  expect(ports[0]).toEqual({ driver: 'pcie-root-port', id: 'rp0', bus: 'pcie.0', addr: '4.0', chassis: 1, multifunction: true });
  expect(ports[9]).toEqual({ driver: 'pcie-root-port', id: 'rp9', bus: 'pcie.0', addr: '5.1', chassis: 10, multifunction: false });
});

test('an id that is a UUID is the one that the guest sees', () => {
  const vmId = '4f3c1b2a-0000-4000-8000-123456789abc';
  expect(values(plan({ run: { ...run, vmId } }).argv, '-uuid')).toEqual([vmId]);
  expect(values(plan().argv, '-uuid')).toEqual([]);
});

test('nesting is kept from the guest unless its spec asks for it', () => {
  const accelerator = { name: 'kvm', cpu: 'host' } as const;
  expect(values(plan({ accelerator }).argv, '-cpu')).toEqual(['host,vmx=off,svm=off']);
  expect(values(plan({ accelerator, spec: { ...spec, nestedVirt: true } }).argv, '-cpu')).toEqual(['host']);
});

test("a disk boot is SeaBIOS's, which speaks on the serial line and takes the disks in order", () => {
  const { argv } = plan({ spec: { ...spec, kernel: null, initramfs: null, cmdline: null } });
  expect(values(argv, '-machine')).toEqual(['q35,vmport=off,graphics=off']);
  expect(argv).not.toContain('-bios');
  expect(argv).not.toContain('-kernel');
  expect(drivers(argv, 'virtio-blk-pci')).toMatchObject([{ bootindex: 0 }, { bootindex: 1 }, { bootindex: 2 }]);
});

test.each(['/fw/hypervisor-fw', '/fw/CLOUDHV.fd', '/fw/CLOUDHV_EFI.fd'])(
  '%s is for cloud-hypervisor: OVMF takes its place, else SeaBIOS, and the plan says so',
  (kernel) => {
    const asFirmware = { ...spec, kernel, initramfs: null, cmdline: null };
    const withOvmf = plan({ spec: asFirmware, firmwareFiles: { ovmf: '/usr/share/ovmf/OVMF.fd', exists: () => true } });
    expect(values(withOvmf.argv, '-bios')).toEqual(['/usr/share/ovmf/OVMF.fd']);
    expect(withOvmf.notes).toEqual([`${kernel} is a firmware for cloud-hypervisor: /usr/share/ovmf/OVMF.fd is used instead`]);
    const without = plan({ spec: asFirmware });
    expect(without.argv).not.toContain('-bios');
    expect(without.argv).not.toContain('-kernel');
    expect(without.notes[0]).toContain("QEMU's SeaBIOS is used instead");
  },
);

test('an OVMF with its variables in it is mapped read-only; code without them gets a copy of its variables', () => {
  const combined = plan({ spec: { ...spec, firmware: '/fw/OVMF.fd' } });
  expect(values(combined.argv, '-bios')).toEqual(['/fw/OVMF.fd']);
  expect(combined.copies).toEqual([]);
  const apart = plan({ spec: { ...spec, firmware: '/fw/OVMF_CODE_4M.fd' } });
  expect(apart.copies).toEqual([{ from: '/fw/OVMF_VARS_4M.fd', to: 'nvram.fd' }]);
  expect(values(apart.argv, '-machine')).toEqual(['q35,vmport=off,graphics=off,pflash0=firmware,pflash1=nvram']);
  expect(values(apart.argv, '-blockdev').slice(0, 2)).toMatchObject([
    { 'node-name': 'firmware', 'read-only': true, file: { filename: '/fw/OVMF_CODE_4M.fd' } },
    { 'node-name': 'nvram', file: { filename: 'nvram.fd' } },
  ]);
  const lone = () => plan({ spec: { ...spec, firmware: '/fw/OVMF_CODE_4M.fd' }, firmwareFiles: { ovmf: null, exists: () => false } });
  expect(lone).toThrow('/fw/OVMF_VARS_4M.fd does not exist');
});

test('room to grow is said where there is some; a most that is no more than what it starts with is none', () => {
  const sizeOf = (change: Partial<VmSpec>) => {
    const { argv } = plan({ spec: { ...spec, ...change } });
    return [...values(argv, '-smp'), ...values(argv, '-m')];
  };
  expect(sizeOf({ maxVcpus: 8, maxMemoryMib: 2048 })).toEqual(['cpus=2,maxcpus=8', 'size=512M,slots=8,maxmem=2048M']);
  expect(sizeOf({ maxVcpus: 2, maxMemoryMib: 512 })).toEqual(['cpus=2', '512M']);
});
