import { rmSync } from 'node:fs';
import type { AgentStatus } from '@mvirt/api/schema';
import { createTrpcServer, type TrpcLimits, type TrpcServer } from '@mvirt/api/trpc';
import { type DoubleServices, doubleServices } from './double-services.ts';

export const doubleStatus: AgentStatus = {
  version: '0.0.1',
  pid: 1,
  dataDir: '/data',
  socket: '/socket',
  startedAt: '2026-01-01T00:00:00.000Z',
  uptimeSeconds: 1,
  lastEventSeq: 0,
  network: null,
};

export type ServedDouble = AsyncDisposable & { services: DoubleServices; server: TrpcServer; defects: string[] };

/** The real router and transports on a real Unix socket, over double services. */
export async function serveDouble(path: string, services = doubleServices(), limits: Partial<TrpcLimits> = {}): Promise<ServedDouble> {
  const defects: string[] = [];
  const server = createTrpcServer({
    services,
    status: () => doubleStatus,
    peerOf: () => null,
    onDefect: (failure, at) => defects.push(`${at}: ${failure.message}`),
    limits,
  });
  await new Promise<void>((resolve, reject) => {
    server.http.once('error', reject);
    server.http.listen(path, resolve);
  });
  return {
    services,
    server,
    defects,
    async [Symbol.asyncDispose]() {
      server.close();
      rmSync(path, { force: true });
    },
  };
}
