import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { refusal } from '@mvirt/api/trpc';
import { toMvirtError } from '@mvirt/domain';
import type { HostSockets, PeerCredentials } from '@mvirt/host';
import type { Admission } from './admission.ts';
import type { ConnectionCount } from './connections.ts';
import type { AgentLog } from './logger.ts';

export type FrontDeps = {
  http: HttpServer;
  sockets: HostSockets;
  admission: Admission;
  connections: ConnectionCount;
  log: AgentLog;
  peers: Peers;
};

/** Who is behind a request. */
export type Peers = { set(socket: Socket, peer: PeerCredentials): void; of(request: IncomingMessage): PeerCredentials | null };

export function createPeers(): Peers {
  const known = new WeakMap<object, PeerCredentials>();
  return { set: (socket, peer) => known.set(socket, peer), of: (request) => known.get(request.socket) ?? null };
}

/** How long a refused client has to read why. */
const farewellMs = 1000;

/**
 * Accepts connections, has the kernel say who each is, and gives it to the HTTP server only then: no byte of anybody
 * else's is parsed. A server in front, because a direct HTTP server's sockets have no descriptor in Bun.
 */
export function createFront({ http, sockets, admission, connections, log, peers }: FrontDeps): Server {
  const admit = async (socket: Socket): Promise<void> => {
    // A client that goes away while it is looked at is no error of ours.
    socket.on('error', () => socket.destroy());
    try {
      const checked = admission.check(peerOf(socket, sockets));
      const peer = checked instanceof Promise ? await checked : checked;
      const place = connections.enter(peer.uid);
      socket.once('close', () => place[Symbol.dispose]());
      peers.set(socket, peer);
      http.emit('connection', socket);
      socket.resume();
    } catch (thrown) {
      const error = toMvirtError(thrown);
      log.warn(`connection refused: ${error.message}`, { code: error.code });
      socket.resume();
      socket.end(refusal(error));
      const timer = setTimeout(() => socket.destroy(), farewellMs);
      socket.once('close', () => clearTimeout(timer));
    }
  };
  return createServer({ pauseOnConnect: true }, (socket) => void admit(socket));
}

/** The descriptor is no documented part of a socket: without one the peer has no identity and is refused. */
function peerOf(socket: Socket, sockets: HostSockets): PeerCredentials | null {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? sockets.peerOf(fd) : null;
}
