import { closeSync, constants, openSync, statfsSync, statSync, watch } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { HostFiles } from '../files.ts';
import { openPlain } from '../plain-file.ts';
import { makeFifo } from './fifo.ts';
import { errnoOf, type Libc } from './libc.ts';

const keepSize = 1;
const punchHole = 2;
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
    freeBytes(directory) {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    },
  };
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
