import { closeSync, openSync, writeSync } from 'node:fs';

/** Appends to a file (0600 where it is new) and answers with what it did not take: nothing, or the rest where its filesystem is full. @throws Error */
export function appendBytes(path: string, bytes: Uint8Array): Uint8Array {
  let done = 0;
  try {
    const fd = openSync(path, 'a', 0o600);
    try {
      while (done < bytes.length) done += writeSync(fd, bytes, done);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))) throw error;
  }
  return bytes.subarray(done);
}
