import type { HostSockets } from '../files.ts';
import type { Libc } from './libc.ts';

const solSocket = 1;
const soPeercred = 17;
/** What the kernel gives for a socket that has no peer of its own (a listener, TCP). */
const nobody = 0xffff_ffff;

export function createHostSockets(libc: Libc): HostSockets {
  return {
    peerOf(fd) {
      const credentials = new Uint32Array(3);
      if (libc.getsockopt(fd, solSocket, soPeercred, new Uint8Array(credentials.buffer)) < 0) return null;
      const [pid = 0, uid = nobody, gid = nobody] = credentials;
      return uid === nobody ? null : { pid, uid, gid };
    },
  };
}
