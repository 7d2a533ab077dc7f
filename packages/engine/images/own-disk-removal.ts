import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { VmSpec } from '@mvirt/domain';
import { realPath } from '../real-path.ts';
import { deletedPrefix, diskFolder, filesIn, stemOf } from './image-files.ts';

type WithOwnDisk = Pick<VmSpec, 'ownDisk'>;

/** The disk that goes with its VM: one that lies where we make them; a row that says otherwise has nothing of ours. */
export function ownDiskOf(dataDir: string, { ownDisk }: WithOwnDisk): string | null {
  return ownDisk !== null && realPath(dirname(ownDisk.path)) === realPath(diskFolder(dataDir)) ? ownDisk.path : null;
}

/** Before the VM's rows go: an agent that dies in between leaves a disk that says so itself. */
export function setDiskAside(dataDir: string, spec: WithOwnDisk): void {
  const path = ownDiskOf(dataDir, spec);
  if (path !== null && existsSync(path)) renameSync(path, asideOf(path));
}

export function putDiskBack(dataDir: string, spec: WithOwnDisk): void {
  const path = ownDiskOf(dataDir, spec);
  if (path !== null && existsSync(asideOf(path))) putBack(path);
}

/** Where the VM has its disk, what lies aside is of an earlier VM with its id, whose removal failed. False: it stays there. */
function putBack(path: string): boolean {
  if (existsSync(path)) return false;
  renameSync(asideOf(path), path);
  return true;
}

export async function removeDiskAside(dataDir: string, spec: WithOwnDisk): Promise<void> {
  const path = ownDiskOf(dataDir, spec);
  if (path !== null) await rm(asideOf(path), { force: true });
}

/** Ends what an earlier agent had begun: disks of VMs that are gone go, others come back. Answers with those that went. */
export async function finishDiskRemovals(dataDir: string, exists: (vmId: string) => boolean): Promise<string[]> {
  const folder = diskFolder(dataDir);
  const removed: string[] = [];
  for (const name of filesIn(folder).filter((file) => file.startsWith(deletedPrefix))) {
    const file = name.slice(deletedPrefix.length);
    if (exists(stemOf(file) ?? '') && putBack(join(folder, file))) continue;
    await rm(join(folder, name), { force: true });
    removed.push(join(folder, file));
  }
  return removed;
}

const asideOf = (path: string): string => join(dirname(path), `${deletedPrefix}${basename(path)}`);
