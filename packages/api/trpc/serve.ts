/// <reference path="../ws.d.ts" />
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { MvirtError } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';
import type { TRPCError } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';
import type { AgentStatus } from '../schema/index.ts';
import { createAppRouter } from './app-router.ts';
import { requestConnection, webSocketConnection } from './connection.ts';
import type { Peer } from './context.ts';
import { toMvirtFailure } from './errors.ts';
import { createSshTunnels } from './ssh-tunnel.ts';

export type TrpcServerDeps = {
  services: Services;
  status(): AgentStatus;
  peerOf(request: IncomingMessage): Peer | null;
  /** A call that failed by a defect of ours (INTERNAL). */
  onDefect(failure: MvirtError, path: string): void;
  limits?: Partial<TrpcLimits>;
};

export type TrpcLimits = {
  /** Of one message or request, in bytes. */
  maxMessageBytes: number;
  /** Calls and subscriptions of one connection at once. */
  maxCalls: number;
  /** A client is asked for a sign of life after this time of quiet, and cut off when none comes in pongWaitMs. */
  pingMs: number;
  pongWaitMs: number;
};

export const trpcLimits: TrpcLimits = { maxMessageBytes: 4 << 20, maxCalls: 256, pingMs: 5000, pongWaitMs: 5000 };

/** http: to be listened with, or given accepted connections. close() cuts off every client. */
export type TrpcServer = { http: Server; clients(): number; close(): void };

const prefix = '/trpc';

/** The router over HTTP (single calls) and WebSocket (everything), both under /trpc, and SSH tunnels under /ssh. Does not listen by itself. */
export function createTrpcServer({ services, status, peerOf, onDefect, limits: given }: TrpcServerDeps): TrpcServer {
  const limits = { ...trpcLimits, ...given };
  const router = createAppRouter();
  const onError = ({ error, path }: { error: TRPCError; path?: string | undefined }) => {
    const failure = toMvirtFailure(error);
    if (failure.code === 'INTERNAL') onDefect(failure, path ?? 'no procedure');
  };
  const answer = createHTTPHandler({
    router,
    basePath: `${prefix}/`,
    maxBodySize: limits.maxMessageBytes,
    maxBatchSize: 1,
    createContext: ({ req, info }) => ({ services, status, connection: requestConnection(peerOf(req), info.signal) }),
    onError,
  });
  const http = createServer((request, response) => {
    if (request.url?.startsWith(`${prefix}/`)) return answer(request, response);
    response.writeHead(404, { 'content-type': 'text/plain' }).end('mvirt: tRPC is served under /trpc\n');
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.maxMessageBytes, perMessageDeflate: false });
  applyWSSHandler({
    wss: sockets,
    router,
    maxBatchSize: limits.maxCalls,
    createContext: ({ req, res, info }) => {
      return { services, status, connection: webSocketConnection(res, peerOf(req), info.signal, limits) };
    },
    keepAlive: { enabled: true, pingMs: limits.pingMs, pongWaitMs: limits.pongWaitMs },
    onError,
  });
  const tunnels = createSshTunnels({ services, onDefect });
  http.on('upgrade', (request, socket, head) => {
    if (tunnels.take(request, socket, head)) return;
    if (request.url !== prefix) return socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });
  return {
    http,
    clients: () => sockets.clients.size,
    close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      tunnels[Symbol.dispose]();
      http.closeAllConnections();
      http.close();
    },
  };
}
