import { bootOf, type VmSpec } from '@mvirt/domain';
import { checkDisks, checkNics, checkReadable, unsupported } from '../check-parts.ts';

const leastMemoryMib = 16;
/** Without x2APIC ids beyond one byte, which guests must know of. */
const mostVcpus = 254;
/** 31 PCI slots (v53), less the random device, pvpanic and the seed. */
export const mostDevices = 28;

/** @throws UNSUPPORTED naming the field, FILE_NOT_FOUND naming the path, DENIED where it cannot be read. */
export function checkSpec(spec: VmSpec, { nestedVirtAllowed }: { nestedVirtAllowed(): boolean }): void {
  const { vcpus, memoryMib, disks, nics } = spec;
  if (!Number.isInteger(vcpus) || vcpus < 1 || vcpus > mostVcpus) throw unsupported(`vcpus: ${vcpus} cannot be run, only 1 to ${mostVcpus}`);
  if (!Number.isInteger(memoryMib) || memoryMib < leastMemoryMib) {
    throw unsupported(
      `memory: ${memoryMib} MiB is too little for cloud-hypervisor`,
      `give at least ${leastMemoryMib} MiB: mvirt set VM memory=${leastMemoryMib}M`,
    );
  }
  if (disks.length + nics.length > mostDevices) throw unsupported(`disks: ${disks.length} disks and ${nics.length} NICs are more than ${mostDevices} devices`);
  checkNics(spec, 'cloud-hypervisor');
  if (spec.nestedVirt && !nestedVirtAllowed()) {
    throw unsupported('nested_virt: this host cannot nest VMs', 'it needs KVM with its module parameter nested=1: see mvirt doctor');
  }
  checkBoot(spec);
  checkDisks(spec);
}

function checkBoot(spec: VmSpec): void {
  const boot = bootOf(spec);
  if (boot.kind === 'kernel') {
    checkReadable('kernel', boot.kernel);
    if (boot.initramfs !== null) checkReadable('initramfs', boot.initramfs);
    return;
  }
  if (boot.path === null) {
    const hint = 'name one (--firmware /path/to/CLOUDHV.fd), boot a kernel (--kernel), or run the VM on QEMU (--hypervisor qemu)';
    throw unsupported('firmware: cloud-hypervisor has none of its own to boot a disk with', hint);
  }
  if (/(^|\/)OVMF[^/]*\.fd$/.test(boot.path)) {
    throw unsupported(`firmware: ${boot.path} is built for QEMU`, "name cloud-hypervisor's build of it, CLOUDHV.fd, or run the VM on QEMU (--hypervisor qemu)");
  }
  checkReadable('firmware', boot.path);
}
