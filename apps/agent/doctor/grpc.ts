import { join } from 'node:path';
import type { DoctorCheck } from '@mvirt/api/schema';
import type { Host } from '@mvirt/host';
import { defaultListen, showAddress } from '../grpc/listen-address.ts';
import { lockFile } from '../lock.ts';
import { ok, warning } from './check.ts';

type Sees = { sockets: Pick<Host['sockets'], 'tcpListenersOn'>; processes: Pick<Host['processes'], 'holdersOf'> };

/** Who answers where gRPC clients look by default: the agent of this data directory, somebody else, or nobody. */
export async function checkGrpc({ sockets, processes }: Sees, dataDir: string): Promise<DoctorCheck> {
  const [id, title] = ['grpc', 'gRPC clients'];
  const address = showAddress(defaultListen);
  const [listener] = await sockets.tcpListenersOn(defaultListen.port);
  if (listener === undefined) return ok(id, title, `nobody listens on port ${defaultListen.port}: an agent takes ${address}, unless --listen says otherwise`);
  const { uid, pid, command } = listener;
  const agents = processes.holdersOf(join(dataDir, lockFile));
  if (pid !== null && agents.some((agent) => agent.pid === pid)) return ok(id, title, `the agent answers them on port ${defaultListen.port}`);
  const who = pid === null ? `a process of user ${uid}` : `process ${pid} (${command ?? 'unknown'})`;
  const hint = 'stop it, or start the agent with --listen [::1]:PORT of another port';
  return warning(id, title, `port ${defaultListen.port} is in use by ${who}: an agent on ${dataDir} answers no gRPC clients there`, hint);
}
