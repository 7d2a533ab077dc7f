import type { Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createVmServiceDefinition } from '../wire/index.ts';
import type { CallDeps } from './call.ts';
import { consoleMethods } from './console-method.ts';
import { deviceMethods } from './device-methods.ts';
import { hostMethods } from './host-methods.ts';
import type { GrpcLimits, GrpcServer, GrpcServerDeps } from './server.ts';
import { vmMethods } from './vm-methods.ts';
import { watchMethods } from './watch-method.ts';

export const grpcLimits: GrpcLimits = { maxMessageBytes: 4 << 20, maxCalls: 256, pingMs: 15_000, pongWaitMs: 15_000, closeMs: 1000 };

/** VmService over the same services as tRPC: it translates, and does nothing of its own. */
export function createGrpcServer({ services, version, onDefect, limits: given }: GrpcServerDeps): GrpcServer {
  const limits = { ...grpcLimits, ...given };
  const closing = new AbortController();
  const deps: CallDeps = { closing: closing.signal, onDefect };
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    'grpc.max_concurrent_streams': limits.maxCalls,
    'grpc.keepalive_time_ms': limits.pingMs,
    'grpc.keepalive_timeout_ms': limits.pongWaitMs,
    'grpc.enable_channelz': 0,
  });
  server.addService(createVmServiceDefinition(), {
    ...vmMethods(services, deps),
    ...deviceMethods(services, deps),
    ...watchMethods(services, deps),
    ...consoleMethods(services, deps),
    ...hostMethods(services, version, deps),
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  return {
    accept(socket) {
      if (closing.signal.aborted) return void socket.destroy();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // A connection that breaks ends its calls: there is nobody left to be told.
      socket.on('error', () => {});
      injector.injectConnection(socket);
    },
    clients: () => sockets.size,
    async close() {
      closing.abort();
      injector.drain(limits.closeMs);
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      const cutOff = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, limits.closeMs);
      await Promise.all(gone);
      clearTimeout(cutOff);
      injector.destroy();
    },
  };
}
