import { bootOf, type VmSpec } from '@mvirt/domain';
import { checkDisks, checkNics, checkReadable, unsupported } from '../check-parts.ts';
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
  checkNics(spec, 'QEMU');
  if (spec.nestedVirt) checkNested(deps);
  checkFiles(spec, deps.firmwareFiles);
}

function checkSizes({ vcpus, memoryMib, disks, nics }: VmSpec): void {
  if (!Number.isInteger(vcpus) || vcpus < 1 || vcpus > mostVcpus) throw unsupported(`vcpus: ${vcpus} cannot be run, only 1 to ${mostVcpus}`);
  if (!Number.isInteger(memoryMib) || memoryMib < leastMemoryMib) {
    throw unsupported(`memory: ${memoryMib} MiB is too little for QEMU`, `give at least ${leastMemoryMib} MiB: mvirt set VM memory=${leastMemoryMib}M`);
  }
  if (disks.length + nics.length > mostDevices) throw unsupported(`disks: ${disks.length} disks and ${nics.length} NICs are more than ${mostDevices} devices`);
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
  checkDisks(spec);
}
