import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Bytes of a path that fit into a socket's address: sun_path less its NUL. */
const maxBytes = 107;

/** A name that a connect takes for a socket with a path of any length; valid until disposed. */
export function connectable(path: string): Disposable & { path: string } {
  if (Buffer.byteLength(path) <= maxBytes) return { path, [Symbol.dispose]: () => {} };
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${basename(path)}`, [Symbol.dispose]: () => closeSync(fd) };
}
