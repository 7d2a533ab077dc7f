import type { StoredImage, StoredVm } from '@mvirt/store';
import { diskKey } from '../disk-key.ts';

/** VMs that the image must stay for: their disk is an overlay on it, or the image itself, by whatever name. path: the image's file. */
export function usersOf(image: StoredImage, path: string, vms: readonly StoredVm[]): StoredVm[] {
  const key = diskKey(path);
  const isImage = (disk: { path: string }): boolean => disk.path === path || diskKey(disk.path) === key;
  return vms.filter(({ spec, run }) => {
    const isOverlay = spec.ownDisk?.overlay === true && spec.ownDisk.image === image.name;
    return isOverlay || spec.disks.some(isImage) || (run?.live === true && run.disks.some(isImage));
  });
}
