import { type Boot, bootOf, type Disk, type LaunchNic, type RunRecord, type VmSpec } from '@mvirt/domain';
import { diskDevice, nicDevice } from '../device-names.ts';
import { isUuid, seedDisk } from '../launch-parts.ts';
import { sockets } from '../run-files.ts';
import type { Accelerator } from './accelerator.ts';
import { type Firmware, type FirmwareFiles, firmwareOf } from './firmware.ts';
import { diskNode, nicBackend, rootPort } from './names.ts';
import { filesOf } from './run-files.ts';

/** Root ports that are empty at the start, for hot-plug. */
export const spareRootPorts = 8;
/** pcie.0 has slots 4 to 30 for root ports, 8 functions each, two devices of ours before them; more ports slow the boot. */
const firstPortSlot = 4;

export type LaunchPlan = {
  argv: string[];
  /** Made before the spawn; `to` is relative to the run directory. */
  copies: { from: string; to: string }[];
  /** What was decided for the user, such as a firmware that took another's place. */
  notes: string[];
};

export type LaunchPlanInput = {
  program: string;
  run: RunRecord;
  spec: VmSpec;
  seedImage: string | null;
  accelerator: Accelerator;
  firmwareFiles: FirmwareFiles;
};

/** The whole command line of one run, as plain data. Every device sits on a root port of its own, so that each can be removed. */
export function planLaunch({ program, run, spec, seedImage, accelerator, firmwareFiles }: LaunchPlanInput): LaunchPlan {
  const boot = bootOf(spec);
  const chosen = boot.kind === 'firmware' ? firmwareOf(boot, firmwareFiles) : null;
  const { nvram } = filesOf(run);
  const disks = [...run.disks, ...(seedImage === null ? [] : [seedDisk(seedImage)])];
  const ports = disks.length + run.nics.length + spareRootPorts;
  const argv = [
    program,
    ...['-name', run.vmId],
    ...(isUuid(run.vmId) ? ['-uuid', run.vmId] : []),
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', machine(boot, chosen?.firmware ?? null)],
    ...['-accel', accelerator.name, '-cpu', cpu(accelerator, spec), ...size(spec)],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    // A reset is the guest's own affair; its power-off and its panic end QEMU (docs/adr/0001).
    ...['-action', 'reboot=reset,shutdown=poweroff,panic=shutdown'],
    ...lines(run),
    ...firmwareArguments(chosen?.firmware ?? null, nvram),
    ...bootArguments(boot),
    ...device({ driver: 'pvpanic-pci', bus: 'pcie.0', addr: '2.0' }),
    ...['-object', json({ 'qom-type': 'rng-random', id: 'rng', filename: '/dev/urandom' })],
    ...device({ driver: 'virtio-rng-pci', rng: 'rng', bus: 'pcie.0', addr: '3.0' }),
    ...range(ports).flatMap(portArguments),
    ...disks.flatMap((disk, index) => diskArguments(disk, index, boot.kind === 'firmware')),
    ...run.nics.flatMap((nic, index) => nicArguments(nic, disks.length + index)),
  ];
  const copies = chosen?.firmware.kind === 'flash' ? [{ from: chosen.firmware.variables, to: nvram }] : [];
  return { argv, copies, notes: chosen?.note ? [chosen.note] : [] };
}

/** What -blockdev and blockdev-add take. The format is the declared one: a guest may write any header onto its own disk. */
export function blockNode(disk: Disk): Record<string, unknown> {
  const file = { driver: 'file', filename: disk.path, locking: 'auto', 'read-only': disk.readonly, discard: 'unmap' };
  return { driver: disk.format, 'node-name': diskNode(disk.path), 'read-only': disk.readonly, discard: 'unmap', file };
}

export const diskFrontend = (disk: Disk, port: string): Record<string, unknown> => ({
  driver: 'virtio-blk-pci',
  id: diskDevice(disk.path),
  drive: diskNode(disk.path),
  bus: port,
});

/** A TAP that exists; no script runs, and QEMU opens it with the rights it has. */
export const nicNode = (nic: LaunchNic): Record<string, unknown> => ({
  type: 'tap',
  id: nicBackend(nic.mac),
  ifname: nic.tap,
  script: 'no',
  downscript: 'no',
});

/** Without its boot ROM (romfile): nothing is ever booted from the network here. */
export const nicFrontend = (nic: LaunchNic, port: string): Record<string, unknown> => ({
  driver: 'virtio-net-pci',
  id: nicDevice(nic.mac),
  netdev: nicBackend(nic.mac),
  mac: nic.mac,
  romfile: '',
  bus: port,
});

const json = (value: unknown): string => JSON.stringify(value);
const device = (value: Record<string, unknown>): string[] => ['-device', json(value)];
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** graphics=off: SeaBIOS speaks on the serial line, where "No bootable device" can be seen. */
/** Pieces of memory that may be added while it runs. */
const memorySlots = 8;

function size({ vcpus, memoryMib, maxVcpus, maxMemoryMib }: VmSpec): string[] {
  const mostVcpus = maxVcpus !== null && maxVcpus > vcpus ? `,maxcpus=${maxVcpus}` : '';
  const mostMemory = maxMemoryMib !== null && maxMemoryMib > memoryMib ? `,slots=${memorySlots},maxmem=${maxMemoryMib}M` : '';
  return ['-smp', `cpus=${vcpus}${mostVcpus}`, '-m', mostMemory === '' ? `${memoryMib}M` : `size=${memoryMib}M${mostMemory}`];
}

function machine(boot: Boot, firmware: Firmware | null): string {
  const words = ['q35', 'vmport=off'];
  if (boot.kind === 'firmware') words.push('graphics=off');
  if (firmware?.kind === 'flash') words.push('pflash0=firmware', 'pflash1=nvram');
  return words.join(',');
}

function cpu(accelerator: Accelerator, spec: VmSpec): string {
  if (accelerator.cpu !== 'host' || spec.nestedVirt) return accelerator.cpu;
  return 'host,vmx=off,svm=off';
}

/** The guest's serial line is QEMU's stdin and stdout; qmp.sock is for commands, the events go to a file that outlives every agent. */
function lines(run: RunRecord): string[] {
  const { events } = filesOf(run);
  return [
    ...['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial'],
    ...['-chardev', `socket,id=qmp,path=${sockets.qmp},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `pipe,id=events,path=${events}`, '-mon', 'chardev=events,mode=control'],
  ];
}

function firmwareArguments(firmware: Firmware | null, nvram: string): string[] {
  if (firmware?.kind === 'bios') return ['-bios', firmware.path];
  if (firmware?.kind !== 'flash') return [];
  const code = { driver: 'raw', 'node-name': 'firmware', 'read-only': true, file: { driver: 'file', filename: firmware.code, 'read-only': true } };
  const variables = { driver: 'raw', 'node-name': 'nvram', file: { driver: 'file', filename: nvram } };
  return ['-blockdev', json(code), '-blockdev', json(variables)];
}

function bootArguments(boot: Boot): string[] {
  if (boot.kind === 'firmware') return [];
  return [
    ...['-kernel', boot.kernel],
    ...(boot.initramfs === null ? [] : ['-initrd', boot.initramfs]),
    ...(boot.cmdline === null || boot.cmdline === '' ? [] : ['-append', boot.cmdline]),
  ];
}

function portArguments(index: number): string[] {
  const addr = `${(firstPortSlot + Math.floor(index / 8)).toString(16)}.${index % 8}`;
  return device({ driver: 'pcie-root-port', id: rootPort(index), bus: 'pcie.0', addr, chassis: index + 1, multifunction: index % 8 === 0 });
}

function diskArguments(disk: Disk, index: number, bootable: boolean): string[] {
  const frontend = { ...diskFrontend(disk, rootPort(index)), ...(bootable ? { bootindex: index } : {}) };
  return ['-blockdev', json(blockNode(disk)), ...device(frontend)];
}

function nicArguments(nic: LaunchNic, port: number): string[] {
  return ['-netdev', json(nicNode(nic)), ...device(nicFrontend(nic, rootPort(port)))];
}
