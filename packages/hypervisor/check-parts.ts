import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { MvirtError, type VmSpec } from '@mvirt/domain';

/** name: the hypervisor's. @throws UNSUPPORTED naming the field */
export function checkNics({ nics }: VmSpec, name: string): void {
  const nic = nics.findIndex(({ vhostSocket }) => vhostSocket !== null);
  if (nic >= 0) throw unsupported(`nics.${nic}.vhost_socket: mvirt runs no vhost-user NICs on ${name}`, 'leave it out: the agent makes a TAP then');
}

/** @throws UNSUPPORTED, FILE_NOT_FOUND, DENIED */
export function checkDisks({ disks }: VmSpec): void {
  const repeated = disks.find((disk, index) => disks.findIndex((other) => other.path === disk.path) !== index);
  if (repeated) throw unsupported(`disks: ${repeated.path} is named twice`, 'attach it once');
  for (const [index, disk] of disks.entries()) checkReadable(`disks.${index}`, disk.path);
}

/** A file that the VMM will open. @throws UNSUPPORTED naming the field, FILE_NOT_FOUND naming the path, DENIED where it cannot be read. */
export function checkReadable(field: string, path: string): void {
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

export const unsupported = (message: string, hint?: string): MvirtError => new MvirtError({ code: 'UNSUPPORTED', message, ...(hint ? { hint } : {}) });
