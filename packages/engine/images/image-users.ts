import type { StoredImage, StoredVm } from '@mvirt/store';

/** VMs that the image must stay for: their disk is an overlay on it, or the image itself. path: the image's file. */
export const usersOf = (image: StoredImage, path: string, vms: readonly StoredVm[]): StoredVm[] =>
  vms.filter(({ spec, run }) => {
    const isOverlay = spec.ownDisk?.overlay === true && spec.ownDisk.image === image.name;
    return isOverlay || spec.disks.some((disk) => disk.path === path) || (run?.live === true && run.disks.some((disk) => disk.path === path));
  });
