import type { Socket } from 'node:net';
import { MvirtError } from '@mvirt/domain';
import type { HostSockets, PeerCredentials } from '@mvirt/host';
import type { Admission } from './admission.ts';
import type { FrontDeps } from './front.ts';

type Admit = FrontDeps['admit'];

/** Peers of a Unix socket, whose user, group and process the kernel tells. */
export function admitUnix(deps: { sockets: HostSockets; admission: Admission; onAdmitted?(socket: Socket, peer: PeerCredentials): void }): Admit {
  const admitted = (socket: Socket, peer: PeerCredentials): string => {
    deps.onAdmitted?.(socket, peer);
    return userName(peer.uid);
  };
  return (socket) => {
    const fd = descriptorOf(socket);
    const checked = deps.admission.check(fd === null ? null : deps.sockets.peerOf(fd));
    return checked instanceof Promise ? checked.then((peer) => admitted(socket, peer)) : admitted(socket, checked);
  };
}

/** Peers on a loopback port, which has no owner: the kernel's table of sockets tells whose the other end is. */
export function admitLoopback({ sockets, admission }: { sockets: HostSockets; admission: Admission }): Admit {
  return async (socket) => {
    const { uid } = await admission.check({ uid: await ownerOf(socket, sockets) });
    return userName(uid);
  };
}

/** Peers that a certificate will admit: counted by their user on this host, by their address from others. */
export function admitByCertificate({ sockets, isLoopback }: { sockets: HostSockets; isLoopback: boolean }): Admit {
  return async (socket) => (isLoopback ? userName(await ownerOf(socket, sockets)) : `address ${socket.remoteAddress ?? 'unknown'}`);
}

const userName = (uid: number): string => `user ${uid}`;

/** @throws DENIED: never a guess */
async function ownerOf(socket: Socket, sockets: HostSockets): Promise<number> {
  const from = socket.remoteAddress === undefined ? 'a peer that is gone' : `the peer at ${socket.remoteAddress} port ${socket.remotePort}`;
  const fd = descriptorOf(socket);
  const uid = fd === null ? null : await sockets.tcpOwnerOf(fd);
  if (uid !== null && !socket.destroyed) return uid;
  throw new MvirtError({
    code: 'DENIED',
    message: `${from} belongs to a user that cannot be told: it has closed its end already, or is in another network namespace`,
    hint: 'keep the connection open until the answer is there; from another network namespace use --listen unix:PATH',
  });
}

/** No documented part of a socket: without one the peer has no identity and is refused. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : null;
}
