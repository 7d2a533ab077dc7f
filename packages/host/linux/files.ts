import { closeSync, constants, openSync, rmSync, statfsSync, statSync, watch } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { HostFiles } from '../files.ts';
import { openPlain } from '../plain-file.ts';
import { makeFifo } from './fifo.ts';
import { errnoOf, type Libc } from './libc.ts';

const keepSize = 1;
const punchHole = 2;
/** _IOW(0x94, 9, int) of linux/fs.h. */
const fileClone = 0x40049409;
/** LOCK_EX and LOCK_NB of flock(2). */
const lockExclusive = 2;
const lockWithoutWaiting = 4;
/** st_blocks counts units of 512 bytes (stat(2)). */
const blockBytes = 512;

export function createHostFiles(libc: Libc): HostFiles {
  return {
    punchHole(path, length) {
      if (length <= 0) return 'done';
      using file = openPlain(path, constants.O_WRONLY);
      if (libc.fallocate(file.fd, keepSize | punchHole, 0, length) === 0) return 'done';
      const errno = libc.errno();
      if (errno === errnoOf.EOPNOTSUPP || errno === errnoOf.ENOSYS) return 'refused';
      throw new MvirtError({ code: 'INTERNAL', message: `${path}: its first ${length} bytes could not be freed (errno ${errno})` });
    },
    allocatedBytes: (path) => statSync(path).blocks * blockBytes,
    watch(path, onChange) {
      const watcher = watch(path, { persistent: false }, onChange);
      // The file was removed: whoever polls behind the watch finds that out.
      watcher.on('error', () => {});
      return { [Symbol.dispose]: () => watcher.close() };
    },
    shortPath(directory, name) {
      const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      return { path: `/proc/self/fd/${fd}/${name}`, ...closing(fd) };
    },
    makeFifo: (path) => makeFifo(libc, path),
    lock(path) {
      const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      if (libc.flock(fd, lockExclusive | lockWithoutWaiting) === 0) return closing(fd);
      const errno = libc.errno();
      closeSync(fd);
      if (errno === errnoOf.EAGAIN) return null;
      throw new MvirtError({ code: 'INTERNAL', message: `${path} cannot be locked (errno ${errno})` });
    },
    clone: (from, to) => clone(libc, from, to),
    freeBytes(directory) {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    },
  };
}

/** What a filesystem without clones says, or two filesystems (ioctl_ficlone(2)). */
const cannotClone: readonly number[] = [errnoOf.EOPNOTSUPP, errnoOf.ENOTTY, errnoOf.ENOSYS, errnoOf.EINVAL, errnoOf.EXDEV, errnoOf.EPERM];

function clone(libc: Libc, from: string, to: string): 'done' | 'refused' {
  const source = openSync(from, constants.O_RDONLY);
  try {
    const target = openSync(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    const done = libc.ioctl(target, fileClone, source) === 0;
    const errno = done ? 0 : libc.errno();
    closeSync(target);
    if (done) return 'done';
    rmSync(to, { force: true });
    if (cannotClone.includes(errno)) return 'refused';
    const code = errno === errnoOf.ENOSPC || errno === errnoOf.EDQUOT ? 'DISK_FULL' : 'INTERNAL';
    throw new MvirtError({ code, message: `${from} cannot be cloned to ${to} (errno ${errno})` });
  } finally {
    closeSync(source);
  }
}

/** Closes once, however often it is disposed: by then the number may be another file's. */
function closing(fd: number): Disposable {
  let open = true;
  return {
    [Symbol.dispose]() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
