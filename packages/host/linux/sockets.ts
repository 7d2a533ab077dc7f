import { fstatSync, readFileSync, statSync } from 'node:fs';
import type { HostSockets, TcpListener } from '../files.ts';
import type { Libc } from './libc.ts';
import { listDescriptors, listPids, readProcStat } from './proc.ts';
import { createTcpOwners, type TcpOwners } from './tcp-owners.ts';
import { type TcpEnd, tcpEndOf, tcpState } from './tcp-table.ts';
import { unixListenerOf, untakenOn } from './unix-listener.ts';

const solSocket = 1;
const soPeercred = 17;
const solTcp = 6;
const tcpInfo = 11;
/** What the kernel gives for a socket that has no peer of its own (a listener, TCP). */
const nobody = 0xffff_ffff;
/** A table is read in pieces, and a line may slip between two of them when another socket goes. */
const looks = 3;

export function createHostSockets(libc: Libc, owners: TcpOwners = createTcpOwners()): HostSockets {
  const peerOf: HostSockets['peerOf'] = (fd) => {
    const credentials = new Uint32Array(3);
    if (libc.getsockopt(fd, solSocket, soPeercred, new Uint8Array(credentials.buffer)) < 0) return null;
    const [pid = 0, uid = nobody, gid = nobody] = credentials;
    return uid === nobody ? null : { pid, uid, gid };
  };
  return {
    peerOf,
    untakenOn,
    listenerOf: (path) => unixListenerOf(libc, peerOf, path),
    async tcpOwnerOf(fd) {
      const ends = endsOf(libc, fd);
      if (ends === null) return null;
      for (let look = 0; look < looks && isEstablished(libc, fd); look++) {
        const lines = await owners.connected(ends.client, ends.server);
        // Asked after the table was read, of the same socket: as long as it lives no other one can have had its peer's address, so the line was its peer's.
        if (!isEstablished(libc, fd) || endsOf(libc, fd)?.inode !== ends.inode) return null;
        const living = lines.filter(({ state, inode }) => state === tcpState.established && inode !== 0);
        const uids = new Set(living.map(({ uid }) => uid));
        const [uid] = uids;
        if (uid !== undefined) return uids.size === 1 && !isStandIn(uid) ? uid : null;
      }
      return null;
    },
    async tcpListenersOn(port) {
      return (await owners.listening(port)).map(({ uid, inode }) => ({ uid, ...holderOf(inode) }));
    },
  };
}

/** Both ends of a connected TCP socket, and the socket's own number; null where it is none. */
function endsOf(libc: Libc, fd: number): { client: TcpEnd; server: TcpEnd; inode: number } | null {
  const [own, peer] = [new Uint8Array(128), new Uint8Array(128)];
  if (libc.getsockname(fd, own) < 0 || libc.getpeername(fd, peer) < 0) return null;
  const [server, client] = [tcpEndOf(own), tcpEndOf(peer)];
  return server === null || client === null ? null : { client, server, inode: fstatSync(fd).ino };
}

/** A peer that has closed its end, or all of it, leaves another state behind. */
function isEstablished(libc: Libc, fd: number): boolean {
  const info = new Uint8Array(8);
  return libc.getsockopt(fd, solTcp, tcpInfo, info) === 0 && info[0] === tcpState.established;
}

/** In a user namespace one number stands in for every user that has none there (user_namespaces(7)): it names nobody. */
function isStandIn(uid: number): boolean {
  if (uid !== Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'))) return false;
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

function holderOf(inode: number): Pick<TcpListener, 'pid' | 'command'> {
  const pid = listPids().find((candidate) => listDescriptors(candidate).some((fd) => isSocket(`/proc/${candidate}/fd/${fd}`, inode)));
  return pid === undefined ? { pid: null, command: null } : { pid, command: readProcStat(pid)?.command ?? null };
}

function isSocket(path: string, inode: number): boolean {
  try {
    const stat = statSync(path);
    return stat.isSocket() && stat.ino === inode;
  } catch {
    return false; // closed meanwhile
  }
}
