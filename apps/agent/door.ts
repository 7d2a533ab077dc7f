import { createTrpcServer } from '@mvirt/api/trpc';
import { toRfc3339 } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';
import type { Host } from '@mvirt/host';
import { createAdmission } from './admission.ts';
import type { AgentConfig } from './config.ts';
import { createConnectionCount } from './connections.ts';
import { createFront, createPeers } from './front.ts';
import { findGroup, groupName, groupsOf } from './group.ts';
import { listen } from './listen.ts';
import type { AgentLog } from './logger.ts';

export type AgentDeps = { config: AgentConfig; host: Host; services: Services; log: AgentLog; version: string; nowMs(): number };

/** Connections of one user at once. */
const maxConnections = 256;

/** Opens the door: clients are answered from when this resolves until it is disposed. @throws what listen() throws */
export async function openDoor({ config, host, services, log, version, nowMs }: AgentDeps): Promise<Disposable> {
  const startedAtMs = nowMs();
  const { uid } = host.system.rights();
  const groupId = uid === 0 ? await findGroup(host.programs) : null;
  if (uid === 0 && groupId === null) log.info(`there is no group ${groupName}: only root may use ${config.socket}`);
  const peers = createPeers();
  const trpc = createTrpcServer({
    services,
    peerOf: (request) => peers.of(request),
    status: () => ({
      version,
      pid: process.pid,
      dataDir: config.dataDir,
      socket: config.socket,
      startedAt: toRfc3339(startedAtMs),
      uptimeSeconds: (nowMs() - startedAtMs) / 1000,
      lastEventSeq: services.events.lastSeq(),
    }),
    onDefect: (failure, path) => log.error(`${path} failed: ${failure.message}`, { error: describe(failure.cause ?? failure) }),
  });
  const admission = createAdmission({ uid, groupId, groupsOf: (peer) => groupsOf(host.programs, peer), nowMs });
  const front = createFront({ http: trpc.http, sockets: host.sockets, admission, connections: createConnectionCount(maxConnections), log, peers });
  const listening = await listen({ server: front, files: host.files, path: config.socket, groupId });
  return {
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      trpc.close();
    },
  };
}

const describe = (thrown: unknown): string => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
