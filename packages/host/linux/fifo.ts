import { lstatSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { errnoOf, type Libc } from './libc.ts';

/** A FIFO (0600); one that is there already is kept. @throws INTERNAL, also where something else has the name. */
export function makeFifo(libc: Libc, path: string): void {
  if (libc.mkfifo(path, 0o600) === 0) return;
  const errno = libc.errno();
  const isFifo = errno === errnoOf.EEXIST && lstatSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
  if (!isFifo) throw new MvirtError({ code: 'INTERNAL', message: `${path}: the FIFO could not be made (errno ${errno})` });
}
