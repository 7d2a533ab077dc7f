import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { VmSpec } from '@mvirt/domain';
import { deletedPrefix, diskFolder, filesIn, stemOf } from './image-files.ts';

type WithOwnDisk = Pick<VmSpec, 'ownDisk'>;

/** Before the VM's rows go: an agent that dies in between leaves a disk that says so itself. */
export function setDiskAside(dataDir: string, spec: WithOwnDisk): void {
  const path = pathOf(dataDir, spec);
  if (path !== null && existsSync(path)) renameSync(path, asideOf(path));
}

export function putDiskBack(dataDir: string, spec: WithOwnDisk): void {
  const path = pathOf(dataDir, spec);
  if (path !== null && existsSync(asideOf(path))) renameSync(asideOf(path), path);
}

export async function removeDiskAside(dataDir: string, spec: WithOwnDisk): Promise<void> {
  const path = pathOf(dataDir, spec);
  if (path !== null) await rm(asideOf(path), { force: true });
}

/** Ends what an earlier agent had begun: disks of VMs that are gone go, others come back. Answers with those that went. */
export async function finishDiskRemovals(dataDir: string, exists: (vmId: string) => boolean): Promise<string[]> {
  const folder = diskFolder(dataDir);
  const removed: string[] = [];
  for (const name of filesIn(folder).filter((file) => file.startsWith(deletedPrefix))) {
    const file = name.slice(deletedPrefix.length);
    if (exists(stemOf(file) ?? '')) renameSync(join(folder, name), join(folder, file));
    else {
      await rm(join(folder, name), { force: true });
      removed.push(join(folder, file));
    }
  }
  return removed;
}

const asideOf = (path: string): string => join(dirname(path), `${deletedPrefix}${basename(path)}`);

/** Only what lies where we make disks: a row that says otherwise has nothing of ours. */
function pathOf(dataDir: string, { ownDisk }: WithOwnDisk): string | null {
  return ownDisk !== null && dirname(ownDisk.path) === diskFolder(dataDir) ? ownDisk.path : null;
}
