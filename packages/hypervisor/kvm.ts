import { accessSync, constants } from 'node:fs';

/** Why /dev/kvm is not even tried; null: it opens. */
export function kvmObstacle(): string | null {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'ENOENT' ? '/dev/kvm does not exist on this host' : '/dev/kvm may not be opened: run as root or as a member of the group kvm';
  }
}
