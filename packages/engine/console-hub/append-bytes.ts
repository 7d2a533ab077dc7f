import { closeSync, openSync, writeSync } from 'node:fs';

/** Appends to a file (0600 where it is new). rest: what it did not take, for want of room or for another reason, which `error` is. Never throws. */
export function appendBytes(path: string, bytes: Uint8Array): { rest: Uint8Array; error: unknown } {
  let done = 0;
  try {
    const fd = openSync(path, 'a', 0o600);
    try {
      while (done < bytes.length) done += writeSync(fd, bytes, done);
    } finally {
      closeSync(fd);
    }
    return { rest: bytes.subarray(done), error: null };
  } catch (error) {
    return { rest: bytes.subarray(done), error };
  }
}
