import { closeSync, constants, fstatSync, openSync, readSync, rmSync, type Stats } from 'node:fs';

/** Waits for no writer or reader of a FIFO, and follows no link: for files in a folder that another program may write to. */
const careful = constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** An open file and what it was when it was opened. */
export type PlainFile = Disposable & { fd: number; state: Stats };

/** flags: of open(2), read-only by default. New files are 0600. @throws Error where it is not there, or no plain file. */
export function openPlain(path: string, flags: number = constants.O_RDONLY): PlainFile {
  const fd = openSync(path, flags | careful, 0o600);
  try {
    const state = fstatSync(fd);
    if (!state.isFile()) throw new Error(`${path} is no plain file`);
    return { fd, state, [Symbol.dispose]: () => closeSync(fd) };
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}

/** The same, to append to; what lies in its place (a FIFO, a link) is removed first. */
export function openToAppend(path: string): PlainFile {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  try {
    return openPlain(path, flags);
  } catch (thrown) {
    if (!isForeign(thrown)) throw thrown;
    rmSync(path, { force: true });
    return openPlain(path, flags);
  }
}

/** At most the last maxBytes from an offset on; null: it is not there, or no plain file. */
export function readEnd(path: string, maxBytes: number, from = 0): Buffer | null {
  try {
    using file = openPlain(path);
    const start = Math.max(from, file.state.size - maxBytes);
    const bytes = Buffer.alloc(Math.max(0, file.state.size - start));
    return bytes.subarray(0, readSync(file.fd, bytes, 0, bytes.length, start));
  } catch {
    return null;
  }
}

/** Its text; null: it is not there, no plain file, or longer than maxBytes. */
export function readPlain(path: string, maxBytes = 1024 * 1024): string | null {
  const bytes = readEnd(path, maxBytes + 1);
  return bytes === null || bytes.length > maxBytes ? null : bytes.toString('utf8');
}

/** ENXIO: a FIFO that nobody reads, or a socket. ELOOP: a link. */
const isForeign = (thrown: unknown): boolean => thrown instanceof Error && (!('code' in thrown) || thrown.code === 'ENXIO' || thrown.code === 'ELOOP');
