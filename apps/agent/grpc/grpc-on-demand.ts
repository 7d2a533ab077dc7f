import type { Socket } from 'node:net';
import type { GrpcServer, GrpcServerDeps } from '@mvirt/api/grpc';
import { toMvirtError } from '@mvirt/domain';

/** A gRPC server as its doors see it. */
export type GrpcDoor = {
  /** Resolves when the client is served; the socket may be read from then on. */
  accept(socket: Socket): Promise<void>;
  close(): Promise<void>;
};

/** The gRPC server, loaded for its first client: an agent without any is up sooner, and 8 MiB smaller. */
export function createGrpcOnDemand(deps: GrpcServerDeps): GrpcDoor {
  let loaded: Promise<GrpcServer> | null = null;
  let closed = false;
  const load = async () => (await import('@mvirt/api/grpc')).createGrpcServer(deps);
  return {
    async accept(socket) {
      // A client that breaks off meanwhile is no error of ours.
      socket.on('error', () => socket.destroy());
      if (closed) return void socket.destroy();
      try {
        loaded ??= load();
        const server = await loaded;
        if (closed) socket.destroy();
        if (!socket.destroyed) server.accept(socket);
      } catch (thrown) {
        loaded = null;
        socket.destroy();
        deps.onDefect(toMvirtError(thrown), 'connect');
      }
    },
    async close() {
      closed = true;
      await (await loaded)?.close();
    },
  };
}
