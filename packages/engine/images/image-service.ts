import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, statSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, guessImageUser, type ImportImage, importImageSchema, invalid, MvirtError, toMvirtError, vmLabel } from '@mvirt/domain';
import type { StoredImage } from '@mvirt/store';
import type { EngineContext } from '../context.ts';
import { refuseWithoutRoom } from '../last-room.ts';
import type { ImageService, ImageSnapshot } from '../services.ts';
import { asWriteError, imageFolder, imagePath, makeFolder, newPrefix, renameDurably, syncPath } from './image-files.ts';
import { usersOf } from './image-users.ts';
import { inspectImage } from './inspect-image.ts';
import { openPartial, type PartialImport } from './partial-import.ts';
import { packingOf, unpack } from './unpack.ts';

export type ImageServiceDeps = Pick<EngineContext, 'store' | 'host' | 'clock' | 'dataDir' | 'log' | 'images'>;

/** close: imports that are under way end; what they can be gone on with stays. */
export type OwnImageService = ImageService & { close(): Promise<void> };

/** over: aborted once it is to end; ended: nothing of it is touched any more, and its name is free. */
type Import = {
  id: string;
  asked: ImportImage;
  partial: PartialImport;
  timer: Disposable | null;
  working: boolean;
  over: AbortController;
  ended: PromiseWithResolvers<void>;
};

/** An import of which nothing is heard for so long is given up: its client is gone. */
const silenceMs = 60_000;
const maxImports = 16;
/** Failures after which nothing of an import is worth keeping. */
const lost: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DISK_FULL', 'STORE_ERROR', 'IMAGE_REFUSED']);

export function createImageService({ store, host, clock, dataDir, log, images }: ImageServiceDeps): OwnImageService {
  const folder = imageFolder(dataDir);
  const imports = new Map<string, Import>();
  /** Names of images that are being imported. */
  const reserved = new Set<string>();

  const stored = (name: string): StoredImage => {
    const image = store.images.get(name);
    if (image === null) throw new MvirtError({ code: 'IMAGE_NOT_FOUND', message: `image ${name} not found` });
    return image;
  };
  const snapshot = (image: StoredImage, vms = store.vms.list()): ImageSnapshot => {
    const path = imagePath(dataDir, image);
    const file = statSync(path, { throwIfNoEntry: false });
    const usedBy = usersOf(image, path, vms).map(({ id, name }) => ({ vmId: id, vmName: name }));
    return { ...image, path, diskBytes: file === undefined ? null : file.blocks * 512, usedBy };
  };

  /** Its files are put away before another import may have its name. */
  const end = async (one: Import, left: 'leave' | 'remove'): Promise<void> => {
    imports.delete(one.id);
    one.timer?.[Symbol.dispose]();
    try {
      await one.partial[left]();
    } catch (thrown) {
      log.error(`what was imported of ${one.asked.name} could not be put away`, { error: String(thrown) });
    }
    reserved.delete(one.asked.name);
    one.ended.resolve();
  };
  /** A call that is at work on it ends first: what it writes counts, or goes with it. */
  const giveUp = async (one: Import): Promise<void> => {
    one.over.abort(new MvirtError({ code: 'CANCELLED', message: `the import of ${one.asked.name} was given up` }));
    if (!one.working && imports.has(one.id)) await end(one, 'leave');
    await one.ended.promise;
  };
  const listen = (one: Import): void => {
    one.timer?.[Symbol.dispose]();
    one.timer = clock.after(silenceMs, () => {
      log.info(`the import of ${one.asked.name} was given up: nothing was heard of it for ${silenceMs / 1000} s`);
      void giveUp(one);
    });
  };

  /**
   * One call at a time. The import is over where its work is the last, where it was given up meanwhile, and where what it has got cannot be kept:
   * what is wrong with the bytes is wrong with them the next time too; whatever else failed may be tried again without fetching them.
   */
  async function working<T>(id: string, work: (one: Import) => Promise<T>, { last }: { last: boolean } = { last: false }): Promise<T> {
    const one = imports.get(id);
    if (one === undefined) {
      throw new MvirtError({
        code: 'WRONG_STATE',
        message: 'the agent does not know of this import any more: it was started anew, or heard nothing of it for a minute',
        hint: 'run the same command again',
      });
    }
    if (one.working) throw new MvirtError({ code: 'WRONG_STATE', message: `the import of ${one.asked.name} is busy`, hint: 'wait for its last answer' });
    one.working = true;
    one.timer?.[Symbol.dispose]();
    let left: 'leave' | 'remove' = 'leave';
    let isOver = last;
    try {
      const done = await work(one);
      if (last) left = 'remove';
      return done;
    } catch (thrown) {
      if (lost.has(toMvirtError(thrown).code)) [left, isOver] = ['remove', true];
      throw thrown;
    } finally {
      one.working = false;
      if (isOver || one.over.signal.aborted) await end(one, left);
      else listen(one);
    }
  }

  function refuseTaken(name: string): void {
    if (store.images.get(name) !== null)
      throw new MvirtError({ code: 'NAME_TAKEN', message: `name: an image with the name ${name} exists already`, hint: `mvirt image show ${name} shows it` });
    if (reserved.has(name))
      throw new MvirtError({
        code: 'NAME_TAKEN',
        message: `name: ${name} is being imported right now`,
        hint: 'wait for it (one whose client is gone is given up within a minute), or choose another name',
      });
  }

  /** The checked image under its own name, with its row. */
  async function take({ asked, partial }: Import, signal: AbortSignal): Promise<StoredImage> {
    const options = { signal };
    const { sha256 } = await partial.complete();
    if (asked.sha256 !== null && asked.sha256 !== sha256) {
      const message = `the image has the SHA-256 ${sha256}, not the one that was given`;
      throw new MvirtError({ code: 'IMAGE_REFUSED', message, hint: 'fetch it again, and compare the checksum with its publisher’s' });
    }
    await using undo = new AsyncDisposableStack();
    const argv = await packingOf(partial.path);
    let whole = partial.path;
    if (argv !== null) {
      whole = join(folder, `${newPrefix}${randomUUID()}`);
      undo.defer(() => rm(whole, { force: true }));
      await unpack(host, { argv, from: partial.path, to: whole }, options);
    }
    const { format, sizeBytes } = await inspectImage(host, whole, asked.format, options);
    const { name, source } = asked;
    const image: StoredImage = { name, format, sizeBytes, sha256, source, user: asked.user ?? guessImageUser(asked), createdAtMs: clock.nowMs() };
    const path = imagePath(dataDir, image);
    signal.throwIfAborted();
    try {
      await chmod(whole, 0o444);
      await syncPath(whole);
      await renameDurably(whole, path);
    } catch (thrown) {
      throw asWriteError(thrown, path);
    }
    // Without its row it is a leftover, and the next import of that name replaces it.
    undo.defer(() => rm(path, { force: true }));
    store.images.insert(image);
    undo.move();
    return image;
  }

  return {
    list() {
      const vms = store.vms.list();
      return store.images.list().map((image) => snapshot(image, vms));
    },
    get: (name) => snapshot(stored(name)),
    async remove(name) {
      const image = stored(name);
      const before = snapshot(image);
      const users = before.usedBy.map(({ vmId, vmName }) => vmLabel({ id: vmId, name: vmName }));
      if (users.length > 0)
        throw new MvirtError({ code: 'IMAGE_IN_USE', message: `image ${name} is used by ${users.length === 1 ? 'VM' : 'the VMs'} ${users.join(', ')}` });
      if (images.held(name))
        throw new MvirtError({ code: 'IMAGE_IN_USE', message: `image ${name} is used by a VM that is being created`, hint: 'wait until that is done' });
      store.images.remove(name);
      // In one breath: from here on the name, and what lies under it, may be another image's.
      const gone = join(folder, `${newPrefix}${randomUUID()}`);
      if (existsSync(before.path)) renameSync(before.path, gone);
      await rm(gone, { force: true });
      return before;
    },
    async beginImport(input) {
      const parsed = importImageSchema.safeParse(input);
      if (!parsed.success) throw invalid(parsed.error);
      const asked = parsed.data;
      refuseTaken(asked.name);
      refuseWithoutRoom({ host, dataDir }, 'the image cannot be imported');
      if (reserved.size >= maxImports) throw new MvirtError({ code: 'TOO_MANY', message: `${maxImports} images are being imported already` });
      reserved.add(asked.name);
      try {
        await makeFolder(folder);
        const partial = await openPartial({ folder, bootId: host.processes.bootId }, asked);
        const one: Import = {
          id: randomUUID(),
          asked,
          partial,
          timer: null,
          working: false,
          over: new AbortController(),
          ended: Promise.withResolvers(),
        };
        imports.set(one.id, one);
        listen(one);
        return { id: one.id, offset: partial.length(), validator: partial.validator() };
      } catch (thrown) {
        reserved.delete(asked.name);
        throw thrown;
      }
    },
    followImport: (id, { offset, validator }) =>
      working(id, async ({ partial }) => {
        if (offset !== 0 && offset !== partial.length()) throw misplaced(offset, partial.length());
        await partial.follow({ keep: offset !== 0, validator });
      }),
    writeImport: (id, { offset, bytes, zeros }) =>
      working(id, async ({ partial }) => {
        if (offset !== partial.length()) throw misplaced(offset, partial.length());
        await partial.write(bytes);
        await partial.skip(zeros);
        return partial.length();
      }),
    finishImport: (id, { signal }) =>
      working(
        id,
        async (one) => {
          const image = await take(one, signal === undefined ? one.over.signal : AbortSignal.any([signal, one.over.signal]));
          log.info(`image ${image.name} was imported`, { format: image.format, bytes: image.sizeBytes });
          return snapshot(image);
        },
        { last: true },
      ),
    async cancelImport(id) {
      const one = imports.get(id);
      if (one !== undefined) await giveUp(one);
    },
    async close() {
      await Promise.all([...imports.values()].map(giveUp));
    },
  };
}

const misplaced = (offset: number, length: number): MvirtError =>
  new MvirtError({ code: 'INVALID_ARGUMENT', message: `offset: ${offset} is not where the import is, ${length}` });
