import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { bootOf, MvirtError, type VmSpec } from '@mvirt/domain';
import type { Accelerator } from './accelerator.ts';
import { type FirmwareFiles, firmwareOf } from './firmware.ts';

/** SeaBIOS and a kernel of any size need more than this. */
const leastMemoryMib = 16;
/** q35 without an interrupt remapper. */
const mostVcpus = 255;
/** Root ports that pcie.0 has room for, less those kept for hot-plug and the seed. */
const mostDevices = 200;

export type CheckDeps = {
  /** null: not found out yet. */
  accelerator: Accelerator | null;
  firmwareFiles: FirmwareFiles;
  nestedVirtAllowed(): boolean;
};

/** @throws UNSUPPORTED naming the field, FILE_NOT_FOUND naming the path, DENIED where it cannot be read. */
export function checkSpec(spec: VmSpec, deps: CheckDeps): void {
  checkSizes(spec);
  const nic = spec.nics.findIndex(({ vhostSocket }) => vhostSocket !== null);
  if (nic >= 0) throw unsupported(`nics.${nic}.vhost_socket: mvirt runs no vhost-user NICs on QEMU`, 'leave it out: the agent makes a TAP then');
  if (spec.nestedVirt) checkNested(deps);
  checkFiles(spec, deps.firmwareFiles);
}

function checkSizes({ vcpus, memoryMib, disks, nics }: VmSpec): void {
  if (!Number.isInteger(vcpus) || vcpus < 1 || vcpus > mostVcpus) throw unsupported(`vcpus: ${vcpus} cannot be run, only 1 to ${mostVcpus}`);
  if (!Number.isInteger(memoryMib) || memoryMib < leastMemoryMib) {
    throw unsupported(`memory: ${memoryMib} MiB is too little for QEMU`, `give at least ${leastMemoryMib} MiB: mvirt set VM --memory ${leastMemoryMib}M`);
  }
  if (disks.length + nics.length > mostDevices) throw unsupported(`disks: ${disks.length} disks and ${nics.length} NICs are more than ${mostDevices} devices`);
  const repeated = disks.find((disk, index) => disks.findIndex((other) => other.path === disk.path) !== index);
  if (repeated) throw unsupported(`disks: ${repeated.path} is named twice`, 'attach it once');
}

function checkNested({ accelerator, nestedVirtAllowed }: CheckDeps): void {
  if (accelerator === null) return;
  if (accelerator.cpu === 'host' && nestedVirtAllowed()) return;
  throw unsupported('nested_virt: this host cannot nest VMs', 'it needs KVM with its module parameter nested=1: see mvirt doctor');
}

function checkFiles(spec: VmSpec, firmwareFiles: FirmwareFiles): void {
  const boot = bootOf(spec);
  if (boot.kind === 'kernel') {
    checkReadable('kernel', boot.kernel);
    if (boot.initramfs !== null) checkReadable('initramfs', boot.initramfs);
  } else {
    const { firmware } = firmwareOf(boot, firmwareFiles);
    if (firmware.kind === 'bios') checkReadable('firmware', firmware.path);
    if (firmware.kind === 'flash') checkReadable('firmware', firmware.code);
  }
  for (const [index, disk] of spec.disks.entries()) checkReadable(`disks.${index}`, disk.path);
}

function checkReadable(field: string, path: string): void {
  if (!path.startsWith('/')) throw unsupported(`${field}: ${path} is not an absolute path`, 'give the whole path: the agent has no current folder of its own');
  if (!existsSync(path)) throw new MvirtError({ code: 'FILE_NOT_FOUND', message: `${field}: ${path} does not exist` });
  const kind = statSync(path);
  if (!kind.isFile() && !kind.isBlockDevice()) throw unsupported(`${field}: ${path} is neither a file nor a block device`);
  try {
    closeSync(openSync(path, 'r'));
  } catch (cause) {
    throw new MvirtError({ code: 'DENIED', message: `${field}: ${path} cannot be read by the agent`, hint: 'check its owner and mode', cause });
  }
}

/** What the KVM module of this host says. */
export function nestedVirtAllowed(): boolean {
  return ['kvm_intel', 'kvm_amd'].some((module) => {
    try {
      return /^[Y1]/.test(readFileSync(`/sys/module/${module}/parameters/nested`, 'utf8'));
    } catch {
      // That module is not loaded.
      return false;
    }
  });
}

const unsupported = (message: string, hint?: string): MvirtError => new MvirtError({ code: 'UNSUPPORTED', message, ...(hint ? { hint } : {}) });
