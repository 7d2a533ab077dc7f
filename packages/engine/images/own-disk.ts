import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, open, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Disk, type HypervisorKind, MvirtError, type OwnDisk, toMvirtError, type VmId } from '@mvirt/domain';
import type { EngineContext } from '../context.ts';
import { asWriteError, diskFolder, imagePath, makeFolder, newPrefix, ownDiskPath, renameDurablyNow, syncPath } from './image-files.ts';
import { type OwnDiskWay, planOwnDisk } from './own-disk-plan.ts';

export type OwnDiskDeps = Pick<EngineContext, 'store' | 'host' | 'dataDir' | 'images'>;

export type OwnDiskRequest = { vmId: VmId; image: string; sizeBytes: number | null; hypervisor: HypervisorKind | null };

/** Disposed: the disk is gone again, unless keep was called. Its image stays until then. */
export type MadeDisk = AsyncDisposable & {
  disk: Disk;
  ownDisk: OwnDisk;
  /** Gives the disk its name, once its VM is about to be stored: without waiting, so that nothing comes in between. */
  place(): void;
  keep(): void;
};

const makeMs = 6 * 3_600_000;

/** Makes a VM's own disk from a stored image. @throws IMAGE_NOT_FOUND, INVALID_ARGUMENT, FILE_NOT_FOUND, PROGRAM_MISSING, DISK_FULL */
export async function makeOwnDisk(deps: OwnDiskDeps, request: OwnDiskRequest, options: { signal?: AbortSignal }): Promise<MadeDisk> {
  const { store, dataDir, images } = deps;
  const image = store.images.get(request.image);
  if (image === null) throw new MvirtError({ code: 'IMAGE_NOT_FOUND', message: `image: ${request.image} is no stored image` });
  const from = imagePath(dataDir, image);
  if (!existsSync(from)) {
    const hint = `remove it and import it again: mvirt image rm ${image.name}`;
    throw new MvirtError({ code: 'FILE_NOT_FOUND', message: `the image ${image.name} has lost its file ${from}`, hint });
  }
  const folder = diskFolder(dataDir);
  const ways = planOwnDisk({ image, imagePath: relative(folder, from), hypervisor: request.hypervisor, sizeBytes: request.sizeBytes });
  await using undo = new AsyncDisposableStack();
  undo.use(images.hold(image.name));
  await makeFolder(folder);
  const fresh = join(folder, `${newPrefix}${randomUUID()}`);
  undo.defer(() => rm(fresh, { force: true }));
  const way = await firstWay(deps, ways, { from, fresh, folder }, options);
  const path = ownDiskPath(dataDir, request.vmId, way.format);
  const held = undo.move();
  let kept = false;
  return {
    disk: { path, readonly: false, format: way.format },
    ownDisk: { image: image.name, user: image.user, path, overlay: way.kind === 'overlay' },
    place() {
      if (existsSync(path)) {
        const message = `${path} is there already: it is what a VM has left`;
        throw new MvirtError({ code: 'WRONG_STATE', message, hint: 'mvirt doctor --fix takes it away' });
      }
      held.defer(async () => {
        if (!kept) await rm(path, { force: true });
      });
      renameDurablyNow(fresh, path);
    },
    keep() {
      kept = true;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

type Places = { from: string; fresh: string; folder: string };

async function firstWay(deps: OwnDiskDeps, ways: readonly OwnDiskWay[], places: Places, options: { signal?: AbortSignal }): Promise<OwnDiskWay> {
  for (const way of ways) {
    try {
      if (await isMade(deps, way, places, options)) {
        await chmod(places.fresh, 0o600);
        await syncPath(places.fresh);
        return way;
      }
    } catch (thrown) {
      if (options.signal?.aborted) throw new MvirtError({ code: 'CANCELLED', message: 'the disk was not made: its client has gone', cause: thrown });
      throw toMvirtError(thrown).code === 'INTERNAL' ? asWriteError(thrown, places.fresh) : thrown;
    }
  }
  throw new MvirtError({ code: 'INTERNAL', message: 'there was no way to make the disk' });
}

/** False: this filesystem has no such way. */
async function isMade({ host }: OwnDiskDeps, way: OwnDiskWay, { from, fresh, folder }: Places, options: { signal?: AbortSignal }): Promise<boolean> {
  const run = (argv: string[]) => host.programs.run(argv, { ...options, timeoutMs: makeMs, cwd: folder, confined: true });
  if (way.kind !== 'clone') {
    await run(way.argv(fresh));
    if (way.kind === 'copy' && way.growTo !== null) await growRaw(fresh, way.growTo);
    return true;
  }
  if (host.files.clone(from, fresh) === 'refused') return false;
  if (way.growTo === null) return true;
  if (way.format === 'raw') await growRaw(fresh, way.growTo);
  else await run(['qemu-img', 'resize', '-q', '-f', way.format, fresh, `${way.growTo}`]);
  return true;
}

async function growRaw(path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path, 'r+');
  await file.truncate(sizeBytes);
}
