import { accessSync, constants } from 'node:fs';

/** Whether a file is there and may be written: /proc/sys is often mounted read-only. */
export function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    // Read-only or missing: that is the answer.
    return false;
  }
}
