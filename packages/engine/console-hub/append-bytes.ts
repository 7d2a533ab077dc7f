import { writeSync } from 'node:fs';
import { openToAppend } from '@mvirt/host';

/** Appends to a file (0600 where it is new). rest: what it did not take, for want of room or for another reason, which `error` is. Never throws. */
export function appendBytes(path: string, bytes: Uint8Array): { rest: Uint8Array; error: unknown } {
  let done = 0;
  try {
    using file = openToAppend(path);
    while (done < bytes.length) done += writeSync(file.fd, bytes, done);
    return { rest: bytes.subarray(done), error: null };
  } catch (error) {
    return { rest: bytes.subarray(done), error };
  }
}
