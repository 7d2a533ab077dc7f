import { type Disk, MvirtError, type VmId, vmLabel } from '@mvirt/domain';
import type { Store } from '@mvirt/store';
import { diskKey } from './disk-key.ts';
import { imagePath } from './images/image-files.ts';

/** Which running VM holds which disk. A disk may be with several VMs only where all of them have it read-only; a stored image is for reading alone. */
export interface DiskClaims {
  /** Holds these disks for a VM, beside those that it has. @throws DISK_IN_USE naming the other VM, or the image; then nothing is held. */
  take(id: VmId, disks: readonly Disk[]): void;
  /** Holds disks that cannot be looked at, because their filesystem does not answer: by their paths alone. */
  takeUnseen(id: VmId, disks: readonly Disk[]): void;
  /** Lets go of one disk, or of all that a VM holds. */
  drop(id: VmId, path?: string): void;
}

type Claim = { id: VmId; path: string; readonly: boolean; key: string };

export function createDiskClaims({ store, dataDir }: { store: Store; dataDir: string }): DiskClaims {
  let claims: Claim[] = [];
  return {
    take(id, disks) {
      const wanted: Claim[] = [];
      for (const { path, readonly } of disks) {
        const claim = { id, path, readonly, key: diskKey(path) };
        const rival = [...claims, ...wanted].find((other) => (other.key === claim.key || other.path === path) && !(other.readonly && claim.readonly));
        if (rival) throw inUse(claim, rival);
        if (!readonly) refuseImage(claim);
        wanted.push(claim);
      }
      claims = [...claims, ...wanted];
    },
    takeUnseen(id, disks) {
      claims = [...claims, ...disks.map(({ path, readonly }) => ({ id, path, readonly, key: `path ${path}` }))];
    },
    drop(id, path) {
      claims = claims.filter((claim) => claim.id !== id || (path !== undefined && claim.path !== path));
    },
  };

  function refuseImage({ path, key }: Claim): void {
    const image = store.images.list().find((one) => diskKey(imagePath(dataDir, one)) === key);
    if (!image) return;
    const message = `disk ${path} is the stored image ${image.name}, which nothing may write to`;
    throw new MvirtError({ code: 'DISK_IN_USE', message, hint: `give the VM a disk of its own, mvirt create --image ${image.name}, or attach it read-only` });
  }

  function inUse(claim: Claim, rival: Claim): MvirtError {
    const other = store.vms.get(rival.id);
    const holder = rival.id === claim.id ? 'this VM itself' : `VM ${other === null ? rival.id : vmLabel(other)}`;
    const alias = rival.path === claim.path ? '' : `, as ${rival.path}`;
    return new MvirtError({ code: 'DISK_IN_USE', message: `disk ${claim.path} is in use by ${holder}${alias}` });
  }
}
