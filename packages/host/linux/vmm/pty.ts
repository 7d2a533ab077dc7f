import { closeSync, constants, openSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { Libc } from '../libc.ts';

// asm-generic/ioctls.h
const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;
const closeOnExec = 0o2000000;

export type Pty = { master: number; slave: number };

/** A raw PTY that becomes nobody's controlling terminal. Both ends are close-on-exec. @throws INTERNAL */
export function openPty(libc: Libc): Pty {
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  try {
    if (libc.ioctl(master, TIOCSPTLCK, new Uint8Array(4)) < 0) throw failed('unlock', libc.errno());
    // By descriptor and not by /dev/pts/N, which may be another namespace's.
    const slave = libc.ioctl(master, TIOCGPTPEER, constants.O_RDWR | constants.O_NOCTTY | closeOnExec);
    if (slave < 0) throw failed('open', libc.errno());
    if (libc.makeRaw(slave) < 0) {
      closeSync(slave);
      throw failed('make raw', libc.errno());
    }
    return { master, slave };
  } catch (error) {
    closeSync(master);
    throw error;
  }
}

const failed = (step: string, errno: number) =>
  new MvirtError({ code: 'INTERNAL', message: `the serial line could not be made: ${step} PTY (errno ${errno})` });
