import { networkPlace } from '@mvirt/api/client/network-place';
import { createTrpcServer, refusal } from '@mvirt/api/trpc';
import { type MvirtError, toRfc3339 } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';
import type { Host } from '@mvirt/host';
import { createAdmission } from './admission.ts';
import { admitUnix } from './admit.ts';
import type { AgentConfig } from './config.ts';
import { createConnectionCount } from './connections.ts';
import { createFront, createPeers } from './front.ts';
import { findGroup, groupName, groupsOf } from './group.ts';
import { openGrpcDoors } from './grpc/grpc-doors.ts';
import { createGrpcOnDemand } from './grpc/grpc-on-demand.ts';
import { showAddress } from './grpc/listen-address.ts';
import type { TlsFiles } from './grpc/tls-files.ts';
import { listen } from './listen.ts';
import type { AgentLog } from './logger.ts';
import { createRefusalLog } from './refusal-log.ts';

export type AgentDeps = {
  config: AgentConfig;
  /** What --grpc-tls-* named; null: no TLS. */
  tls: TlsFiles | null;
  host: Host;
  services: Services;
  log: AgentLog;
  version: string;
  nowMs(): number;
};

/** Disposed: first nobody new comes in, then every stream ends. grpc: addresses that gRPC clients are answered on. */
export type AgentDoors = AsyncDisposable & { grpc: string[] };

/** Connections of one user at once. */
const maxConnections = 256;

/** Opens the doors: clients are answered from when this resolves until they are disposed. @throws what listen() and openGrpcDoors() throw */
export async function openDoors({ config, tls, host, services, log, version, nowMs }: AgentDeps): Promise<AgentDoors> {
  const startedAtMs = nowMs();
  const network = networkPlace();
  const { uid } = host.system.rights();
  const groupId = uid === 0 ? await findGroup(host.programs) : null;
  if (uid === 0 && groupId === null) log.info(`there is no group ${groupName}: only root may use ${config.socket}`);
  const peers = createPeers();
  const onDefect = (failure: MvirtError, path: string) => log.error(`${path} failed: ${failure.message}`, { error: describe(failure.cause ?? failure) });
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
      network,
    }),
    onDefect,
  });
  const grpc = createGrpcOnDemand({ services, version, onDefect });
  const admission = createAdmission({ uid, groupId, groupsOf: (peer) => groupsOf(host.programs, peer), nowMs });
  const warn = createRefusalLog(log, nowMs);

  // Undone in reverse: the doors close before what is behind them.
  await using opened = new AsyncDisposableStack();
  opened.adopt(grpc, () => grpc.close());
  opened.adopt(trpc, () => trpc.close());
  const front = createFront({
    name: 'agent',
    admit: admitUnix({ sockets: host.sockets, admission, onAdmitted: peers.set }),
    connections: createConnectionCount(maxConnections),
    serve(socket) {
      trpc.http.emit('connection', socket);
      socket.resume();
    },
    refusal,
    warn,
  });
  opened.use(front);
  opened.use(await listen({ server: front.server, files: host.files, path: config.socket, groupId, flag: '--socket' }));
  const doors = opened.use(await openGrpcDoors({ config, tls, host, admission, groupId, grpc, log, warn }));
  const all = opened.move();
  return { grpc: doors.addresses.map(showAddress), [Symbol.asyncDispose]: () => all.disposeAsync() };
}

const describe = (thrown: unknown): string => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
