import { closeSync, readFileSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { HostSockets, UnixListener } from '../files.ts';
import { errnoOf, type Libc } from './libc.ts';

/** Who listens on a Unix socket, by a connection that is closed at once; path: at most 107 bytes. */
export function unixListenerOf(libc: Libc, peerOf: HostSockets['peerOf'], path: string): UnixListener {
  const fd = libc.unixSocket();
  if (fd < 0) throw new MvirtError({ code: 'INTERNAL', message: `no socket can be made (errno ${libc.errno()})` });
  try {
    if (libc.connectUnix(fd, path) < 0) return { kind: refusalOf(libc.errno()) };
    const peer = peerOf(fd);
    return peer === null ? { kind: 'deaf' } : { kind: 'listening', peer };
  } finally {
    closeSync(fd);
  }
}

/**
 * Of /proc/net/unix: a connection that was made and not yet accepted has the server's path, state 02 (SS_CONNECTING) and no
 * inode of its own (net/unix/af_unix.c). path: as the server gave it to bind().
 */
export function untakenOn(path: string): number {
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return lines.filter((line) => /^\S+ \S+ \S+ \S+ \S+ 02 +0 /.test(line) && line.endsWith(` ${path}`)).length;
}

/** connect(2) on a Unix socket: EAGAIN says that its queue of connections is full, ECONNREFUSED also that it is no socket. */
function refusalOf(errno: number): Exclude<UnixListener['kind'], 'listening'> {
  if (errno === errnoOf.ENOENT) return 'missing';
  if (errno === errnoOf.EAGAIN) return 'full';
  return errno === errnoOf.EACCES || errno === errnoOf.EPERM ? 'denied' : 'deaf';
}
