import { type MvirtError, noRoom } from '@mvirt/domain';
import type { EngineContext } from './context.ts';

/** Of the data directory's filesystem: what begins something new leaves it to what must not fail. */
const lastBytes = 2 * 1024 * 1024;
const kib = 1024;

/** Before something new is begun (a VM, a start). @throws DISK_FULL where the last room is all that is left */
export function refuseWithoutRoom({ host, dataDir }: Pick<EngineContext, 'host' | 'dataDir'>, what: string): void {
  const freeBytes = host.files.freeBytes(dataDir);
  if (freeBytes < lastBytes) throw full(dataDir, freeBytes, what);
}

const full = (dataDir: string, freeBytes: number, what: string): MvirtError =>
  noRoom(
    dataDir,
    `${what}: the filesystem of ${dataDir} is full (${Math.floor(freeBytes / kib)} KiB are left, and the last ${lastBytes / kib} are for what runs)`,
  );
