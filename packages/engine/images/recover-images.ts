import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineContext } from '../context.ts';
import { diskFolder, filesIn, imageFolder, newPrefix } from './image-files.ts';
import { finishDiskRemovals } from './own-disk-removal.ts';
import { stalePartials } from './partial-import.ts';

/** Half-made images and disks that an earlier agent has left go; downloads that can be gone on with stay. */
export async function recoverImages({ store, host, clock, dataDir, log }: Pick<EngineContext, 'store' | 'host' | 'clock' | 'dataDir' | 'log'>): Promise<void> {
  const folder = imageFolder(dataDir);
  const stale = await stalePartials({ folder, bootId: host.processes.bootId }, filesIn(folder), clock.nowMs());
  const left = [
    ...stale.map((name) => join(folder, name)),
    ...[folder, diskFolder(dataDir)].flatMap((place) =>
      filesIn(place)
        .filter((name) => name.startsWith(newPrefix))
        .map((name) => join(place, name)),
    ),
  ];
  for (const path of left) {
    await rm(path, { force: true });
    log.info(`what was half made was removed: ${path}`);
  }
  for (const path of await finishDiskRemovals(dataDir, (id) => store.vms.get(id) !== null)) log.info(`a delete that had begun was finished: ${path}`);
}
