export type MountPoint = { place: string; type: string };

/** Filesystems that wait for nobody but this host's own kernel and disks. */
const localTypes = new Set(
  'bcachefs bpf btrfs cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs erofs exfat ext2 ext3 ext4 f2fs fusectl hugetlbfs iso9660 jfs mqueue nsfs ntfs3 overlay proc pstore ramfs reiserfs rootfs securityfs squashfs sysfs tmpfs tracefs udf vfat xfs zfs'.split(
    ' ',
  ),
);

/** Of /proc/PID/mountinfo (proc(5)), in its order: what is mounted later lies over what was there. */
export function mountPoints(mountinfo: string): MountPoint[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const place = before.split(' ')[4];
    const type = after.split(' ')[0];
    return place === undefined || type === undefined ? [] : [{ place: unescaped(place), type }];
  });
}

/** Whether a place (absolute, without links and dots) is on a local filesystem, as far as its name says. */
export function isLocal(mounts: readonly MountPoint[], place: string): boolean {
  let best: MountPoint | null = null;
  for (const mount of mounts) if (holds(mount.place, place) && (best === null || mount.place.length >= best.place.length)) best = mount;
  return best !== null && localTypes.has(best.type);
}

const holds = (mount: string, place: string): boolean => mount === '/' || place === mount || place.startsWith(`${mount}/`);

/** Space, tab, newline and backslash are octal there. */
const unescaped = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
