import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';

const vmFolder = 'vm';
/** Lies in a run directory while its VM is being deleted: the one thing that lets recovery remove a directory. */
const deletedMark = '.deleted';

export const runDirOf = (dataDir: string, vmId: string): string => join(dataDir, vmFolder, vmId);

/** For its owner alone: the seed and the console may hold secrets. @throws DISK_FULL, STORE_ERROR */
export function makeRunDir(dataDir: string, vmId: string): string {
  const path = runDirOf(dataDir, vmId);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (thrown) {
    const full = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC';
    throw new MvirtError({ code: full ? 'DISK_FULL' : 'STORE_ERROR', message: `the run directory ${path} cannot be made: ${String(thrown)}`, cause: thrown });
  }
}

/** Before the VM's rows go: an agent that dies in between leaves a directory that says so itself. */
export function markDeleted(dataDir: string, vmId: string): void {
  const path = runDirOf(dataDir, vmId);
  if (existsSync(path)) writeFileSync(join(path, deletedMark), '');
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
  for (const vmId of runDirs(dataDir)) {
    const mark = join(runDirOf(dataDir, vmId), deletedMark);
    if (!existsSync(mark)) continue;
    if (exists(vmId)) {
      unmarkDeleted(dataDir, vmId);
      continue;
    }
    removeRunDir(dataDir, vmId);
    removed.push(vmId);
  }
  return removed;
}

function runDirs(dataDir: string): string[] {
  const folder = join(dataDir, vmFolder);
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])) : [];
}
