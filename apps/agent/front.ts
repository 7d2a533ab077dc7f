import type { IncomingMessage } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { type MvirtError, toMvirtError } from '@mvirt/domain';
import type { PeerCredentials } from '@mvirt/host';
import type { ConnectionCount } from './connections.ts';
import type { AgentLog } from './logger.ts';

export type FrontDeps = {
  /** Lets the peer in: answers with the name that its connections are counted by. @throws DENIED */
  admit(socket: Socket): Promise<string> | string;
  connections: ConnectionCount;
  /** Gets the socket unread and paused, with a listener for its errors. */
  serve(socket: Socket): void;
  /** What a refused peer reads; null: it is cut off without a word. */
  refusal(error: MvirtError): string | null;
  /** Told of each refusal. */
  warn: AgentLog['warn'];
  /** Which door it is, for the log. */
  name: string;
};

/** Disposed: the server listens no more, and whoever was not served yet is cut off. */
export type Front = Disposable & { server: Server };

/** How long a refused client has to read why. */
const farewellMs = 1000;
/** Peers of which nobody knows yet who they are. */
const maxUnknown = 4096;

/**
 * Accepts connections, has the kernel say who each is, and hands it over only then: no byte of anybody else's is
 * parsed. A server in front, because a direct HTTP server's sockets have no descriptor in Bun.
 */
export function createFront({ admit, connections, serve, refusal, warn, name }: FrontDeps): Front {
  let unknown = 0;
  const unserved = new Set<Socket>();

  const place = async (socket: Socket): Promise<Disposable> => {
    unknown += 1;
    try {
      const admitted = admit(socket);
      return connections.enter(typeof admitted === 'string' ? admitted : await admitted);
    } finally {
      unknown -= 1;
    }
  };

  const take = async (socket: Socket): Promise<void> => {
    // A client that goes away while it is looked at is no error of ours.
    socket.on('error', () => socket.destroy());
    unserved.add(socket);
    socket.once('close', () => unserved.delete(socket));
    if (unknown >= maxUnknown) return void socket.destroy();
    try {
      const taken = await place(socket);
      if (socket.destroyed) return taken[Symbol.dispose]();
      socket.once('close', () => taken[Symbol.dispose]());
      unserved.delete(socket);
      serve(socket);
    } catch (thrown) {
      refuse(socket, toMvirtError(thrown));
    }
  };

  const refuse = (socket: Socket, error: MvirtError): void => {
    warn(`${name} connection refused: ${error.message}`, { code: error.code });
    const words = refusal(error);
    if (words === null) return void socket.destroy();
    socket.resume();
    socket.end(words);
    const timer = setTimeout(() => socket.destroy(), farewellMs);
    socket.once('close', () => clearTimeout(timer));
  };

  const server = createServer({ pauseOnConnect: true }, (socket) => void take(socket));
  return {
    server,
    [Symbol.dispose]() {
      server.close();
      for (const socket of unserved) socket.destroy();
    },
  };
}

/** Who is behind a request on a Unix socket. */
export type Peers = { set(socket: Socket, peer: PeerCredentials): void; of(request: IncomingMessage): PeerCredentials | null };

export function createPeers(): Peers {
  const known = new WeakMap<object, PeerCredentials>();
  return { set: (socket, peer) => known.set(socket, peer), of: (request) => known.get(request.socket) ?? null };
}
