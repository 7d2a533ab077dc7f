import type { Socket } from 'node:net';
import type { GrpcServer, GrpcServerDeps } from '@mvirt/api/grpc';
import { toMvirtError } from '@mvirt/domain';

/** A gRPC server as its doors see it. */
export type GrpcDoor = {
  /** Resolves when the client is served; the socket may be read from then on. Never rejects. */
  accept(socket: Socket): Promise<void>;
  close(): Promise<void>;
};

const loadServer = async (deps: GrpcServerDeps): Promise<GrpcServer> => (await import('@mvirt/api/grpc')).createGrpcServer(deps);

/** The gRPC server, loaded for its first client: an agent without any is up sooner, and 8 MiB smaller. */
export function createGrpcOnDemand(deps: GrpcServerDeps, load: typeof loadServer = loadServer): GrpcDoor {
  let loading: Promise<GrpcServer | null> | null = null;
  let closed = false;
  /** null: it could not be; the next client may have more luck. */
  const tryToLoad = async (): Promise<GrpcServer | null> => {
    try {
      return await load(deps);
    } catch (thrown) {
      loading = null;
      deps.onDefect(toMvirtError(thrown), 'connect');
      return null;
    }
  };
  return {
    async accept(socket) {
      // A client that breaks off meanwhile is no error of ours.
      socket.on('error', () => socket.destroy());
      if (!closed) loading ??= tryToLoad();
      const server = closed ? null : await loading;
      if (server === null || closed) socket.destroy();
      else if (!socket.destroyed) server.accept(socket);
    },
    async close() {
      closed = true;
      await (await loading)?.close();
    },
  };
}
