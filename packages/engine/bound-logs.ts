import { join } from 'node:path';
import { runFiles } from '@mvirt/host';
import type { EngineContext } from './context.ts';
import type { BoundLog } from './log-bounds.ts';
import { runDirOf } from './run-dir.ts';

const mib = 1024 * 1024;

/** What VMMs and servers of networks say, and the agent's own log where that is a file. Guests' consoles are the console hub's. */
export function boundLogs(
  { store, managed, dataDir }: Pick<EngineContext, 'store' | 'managed' | 'dataDir'>,
  ownLog: string | null,
  which: 'all' | 'live',
): BoundLog[] {
  const vms = which === 'all' ? store.vms.names().map(({ id }) => id) : store.vms.live();
  const servers = store.networks.list().map(({ name }) => managed.logFile(name));
  return [
    ...vms.map((id) => ({ path: join(runDirOf(dataDir, id), runFiles.messages), maxBytes: mib })),
    ...servers.flatMap((path) => (path === null ? [] : [{ path, maxBytes: mib }])),
    ...(ownLog === null ? [] : [{ path: ownLog, maxBytes: 16 * mib }]),
  ];
}
