import { expect, test } from 'bun:test';
import type { Disk, RunRecord, VmSpec } from '@mvirt/domain';
import { plainSpec } from '@mvirt/testkit/hypervisor/request';
import { planLaunch } from './launch-plan.ts';

const spec: VmSpec = { ...plainSpec, vcpus: 2, memoryMib: 512, kernel: '/boot/vmlinux', initramfs: '/boot/initrd,with,commas', cmdline: 'console=ttyS0 quiet' };
const disks: Disk[] = [
  { path: '/d/root, the first.qcow2', readonly: false, format: 'qcow2' },
  { path: '/d/data', readonly: true, format: 'raw' },
];
const nics = [{ index: 0, tap: 'mvirt-12345678', mac: '52:54:00:12:34:56' }];
const run: RunRecord = { vmId: 'web1', runDir: '/var/vm/web1', runId: 'r1', hypervisor: 'cloud-hypervisor', process: null, disks, nics };
const plan = (change: Partial<VmSpec> = {}, of: RunRecord = run) =>
  planLaunch({ program: '/usr/bin/cloud-hypervisor', run: of, spec: { ...spec, ...change }, seedImage: '/var/vm/web1/cloudinit.img' });

test('the empty VMM has its sockets and files by relative names, and stays when its guest powers off', () => {
  expect(plan().argv).toEqual(['/usr/bin/cloud-hypervisor', '--api-socket', 'path=api.sock', '--event-monitor', 'path=events-r1.out', '--no-shutdown']);
});

test('the whole VM with two disks, a seed and a NIC', () => {
  const { config, notes } = plan();
  expect(config).toEqual({
    cpus: { boot_vcpus: 2, max_vcpus: 2, nested: false },
    memory: { size: 536_870_912 },
    payload: { kernel: '/boot/vmlinux', initramfs: '/boot/initrd,with,commas', cmdline: 'console=ttyS0 quiet' },
    disks: [
      { id: 'disk-bead9975b8650364', path: '/d/root, the first.qcow2', readonly: false, image_type: 'Qcow2', backing_files: true },
      { id: 'disk-1c91635e792fa193', path: '/d/data', readonly: true, image_type: 'Raw' },
      { id: 'disk-c43f7fae6be3937a', path: '/var/vm/web1/cloudinit.img', readonly: true, image_type: 'Raw' },
    ],
    net: [{ id: 'nic-525400123456', tap: 'mvirt-12345678', mac: '52:54:00:12:34:56' }],
    rng: { src: '/dev/urandom' },
    serial: { mode: 'Tty' },
    console: { mode: 'Off' },
    pvpanic: true,
  });
  expect(notes).toEqual([expect.stringContaining('/d/root, the first.qcow2 is qcow2')]);
});

test('a firmware takes the place of the kernel; an id that is a UUID is the one that the guest sees; nesting only where asked for', () => {
  const vmId = '4f3c1b2a-0000-4000-8000-123456789abc';
  const { config } = plan({ kernel: '/fw/CLOUDHV.fd', nestedVirt: true }, { ...run, vmId });
  expect(config).toMatchObject({ payload: { firmware: '/fw/CLOUDHV.fd' }, platform: { uuid: vmId }, cpus: { nested: true } });
  expect(plan().config.platform).toBeUndefined();
});

test('room to grow is behind what it boots with; a most that is no more than that is none', () => {
  const { config } = plan({ maxVcpus: 8, maxMemoryMib: 2048 });
  expect(config).toMatchObject({ cpus: { boot_vcpus: 2, max_vcpus: 8 }, memory: { size: 536_870_912, hotplug_size: 1_610_612_736 } });
  expect(plan({ maxVcpus: 1, maxMemoryMib: 512 }).config).toMatchObject({ cpus: { max_vcpus: 2 }, memory: { size: 536_870_912 } });
  expect(plan({ maxMemoryMib: 512 }).config.memory).toEqual({ size: 536_870_912 });
});
