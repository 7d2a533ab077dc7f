import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A file that is read in blocks by many at once. Closing waits for the reads under way: a descriptor is used again at once. */
export interface BlockFile {
  /** At most `length` bytes; fewer at the file's end. @throws Error where the path names another file than expected. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): void;
}

/** inode: of the file that is meant. */
export function createBlockFile(path: string, inode: number): BlockFile {
  let handle: FileHandle | null = null;
  let opening: Promise<FileHandle> | null = null;
  let reading = 0;
  let closed = false;

  const openChecked = async (): Promise<FileHandle> => {
    // Never waits, as it would for the writer of a FIFO: such a one is another file, and so is what a link leads to.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const { ino: found } = await file.stat();
    if (found === inode) return file;
    await file.close();
    throw new Error(`${path} is another file now (inode ${found}, not ${inode})`);
  };
  const held = async (): Promise<FileHandle> => {
    if (handle !== null) return handle;
    opening ??= openChecked();
    try {
      handle = await opening;
      return handle;
    } finally {
      opening = null;
    }
  };
  const release = () => {
    if (!closed || reading > 0 || handle === null) return;
    const file = handle;
    handle = null;
    // Only read from: a failing close loses nothing.
    file.close().catch(() => {});
  };

  return {
    async read(offset, length) {
      if (closed) throw new Error(`${path} is closed`);
      reading += 1;
      try {
        const file = await held();
        const buffer = Buffer.allocUnsafeSlow(length);
        const { bytesRead } = await file.read(buffer, 0, length, offset);
        return new Uint8Array(buffer.buffer, buffer.byteOffset, bytesRead);
      } finally {
        reading -= 1;
        release();
      }
    },
    close() {
      closed = true;
      release();
    },
  };
}
