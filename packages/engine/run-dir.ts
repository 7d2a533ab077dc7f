import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNoRoom, MvirtError, noRoom, vmIdSchema } from '@mvirt/domain';
import { readPlain } from '@mvirt/host';

const vmFolder = 'vm';
/** Lies in a run directory while its VM is being deleted: the one thing that lets recovery remove a directory. */
const deletedMark = '.deleted';

/** An id that is no name for a folder (another daemon took any) gets one that no id can have: what belongs to `..` is never removed with a VM. */
export const runDirOf = (dataDir: string, vmId: string): string =>
  join(dataDir, vmFolder, vmIdSchema.safeParse(vmId).success ? vmId : `.id-${createHash('sha256').update(vmId).digest('hex').slice(0, 32)}`);

/** For its owner alone: the seed and the console may hold secrets. @throws DISK_FULL, STORE_ERROR */
export function makeRunDir(dataDir: string, vmId: string): string {
  const path = runDirOf(dataDir, vmId);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (thrown) {
    const message = `the run directory ${path} cannot be made: ${String(thrown)}`;
    if (isNoRoom(thrown)) throw noRoom(dataDir, message, thrown);
    throw new MvirtError({ code: 'STORE_ERROR', message, cause: thrown });
  }
}

/** Before the VM's rows go: an agent that dies in between leaves a directory that says so itself. */
export function markDeleted(dataDir: string, vmId: string): void {
  const path = runDirOf(dataDir, vmId);
  if (!existsSync(path)) return;
  unmarkDeleted(dataDir, vmId);
  try {
    writeFileSync(join(path, deletedMark), vmId, { flag: 'wx' });
  } catch (thrown) {
    // An empty mark takes no room, and says enough where the folder's name is the VM's: a delete makes room.
    if (!isNoRoom(thrown) || !existsSync(join(path, deletedMark)) || runDirOf(dataDir, vmId) !== join(dataDir, vmFolder, vmId)) throw thrown;
  }
}

export function unmarkDeleted(dataDir: string, vmId: string): void {
  rmSync(join(runDirOf(dataDir, vmId), deletedMark), { force: true });
}

export function removeRunDir(dataDir: string, vmId: string): void {
  rmSync(runDirOf(dataDir, vmId), { recursive: true, force: true });
}

/** Ends deletes that an earlier agent had begun. Directories without the mark are never touched. */
export function finishDeletes(dataDir: string, exists: (vmId: string) => boolean): string[] {
  const removed: string[] = [];
  for (const folder of runDirs(dataDir)) {
    const path = join(dataDir, vmFolder, folder);
    const mark = join(path, deletedMark);
    if (!existsSync(mark)) continue;
    // Of a folder that has another name than its VM, the mark says whose it is.
    const vmId = readPlain(mark) || folder;
    if (exists(vmId)) {
      rmSync(mark, { force: true });
      continue;
    }
    rmSync(path, { recursive: true, force: true });
    removed.push(vmId);
  }
  return removed;
}

/** Names of the folders in which VMs run, or have run. */
export function runDirs(dataDir: string): string[] {
  const folder = join(dataDir, vmFolder);
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])) : [];
}
