import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asWriteError } from './image-files.ts';
import { openSparseFile, type SparseFile } from './sparse-file.ts';

/** What is known of a source that can be asked for the rest of its bytes. validator: its ETag or time, as If-Range takes them. */
type Note = { resumeKey: string; validator: string; bootId: string };

/** The bytes of an import so far: in a file, and in a hash. */
export type PartialImport = {
  readonly path: string;
  /** What the bytes that are there belong to; null: there are none, or none to go on from. */
  validator(): string | null;
  length(): number;
  write(bytes: Uint8Array): Promise<void>;
  skip(zeros: number): Promise<void>;
  /** The bytes that come now are of this version of the source; keep false: from its beginning. */
  follow(options: { keep: boolean; validator: string | null }): Promise<void>;
  /** All bytes are there: in the file as well, which is closed. */
  complete(): Promise<{ sha256: string }>;
  /** What may be gone on from stays, everything else goes. */
  leave(): Promise<void>;
  remove(): Promise<void>;
};

const prefix = '.import-';
const [partSuffix, noteSuffix] = ['.part', '.note'];
const zeros = new Uint8Array(1 << 20);
const keptMs = 7 * 86_400_000;

export type PartialDeps = { folder: string; bootId: string };

/** Takes up what an earlier import of this source has left; of any other it goes. */
export async function openPartial({ folder, bootId }: PartialDeps, { name, resumeKey }: { name: string; resumeKey: string | null }): Promise<PartialImport> {
  const path = join(folder, `${prefix}${name}${partSuffix}`);
  const notePath = join(folder, `${prefix}${name}${noteSuffix}`);
  const removeFiles = async () => {
    await Promise.all([rm(path, { force: true }), rm(notePath, { force: true })]);
  };
  let note = await readNote(notePath);
  // Bytes that were not synced are lost with the host's boot, and nothing tells which.
  if (note === null || note.resumeKey !== resumeKey || note.bootId !== bootId) note = null;
  const size = note === null ? null : await sizeOf(path);
  if (size === null) {
    note = null;
    await removeFiles();
  }
  const file: SparseFile = await openSparseFile(path, size);
  let hash = size === null ? createHash('sha256') : await hashOf(path, size);
  let open = true;
  const close = async (durable: boolean): Promise<void> => {
    if (!open) return;
    open = false;
    try {
      await file.settle({ durable });
    } finally {
      await file[Symbol.asyncDispose]();
    }
  };
  return {
    path,
    validator: () => note?.validator ?? null,
    length: file.length,
    async write(bytes) {
      await file.write(bytes);
      hash.update(bytes);
    },
    async skip(count) {
      file.skip(count);
      for (let left = count; left > 0; left -= zeros.byteLength) hash.update(zeros.subarray(0, left));
    },
    async follow({ keep, validator }) {
      if (!keep) {
        await file.empty();
        hash = createHash('sha256');
      }
      note = resumeKey === null || validator === null ? null : { resumeKey, validator, bootId };
      if (note === null) await rm(notePath, { force: true });
      else await writeNote(notePath, note);
    },
    async complete() {
      await close(false);
      return { sha256: hash.copy().digest('hex') };
    },
    async leave() {
      const keeps = note !== null && file.length() > 0;
      try {
        await close(false);
      } finally {
        if (!keeps) await removeFiles();
      }
    },
    async remove() {
      // The file's length is of no interest any more.
      await close(false).catch(() => {});
      await removeFiles();
    },
  };
}

/** What an import has left that nothing can go on from: without a note, or older than a week. names: the folder's files. */
export async function stalePartials({ folder, bootId }: PartialDeps, names: readonly string[], nowMs: number): Promise<string[]> {
  const ours = names.filter((name) => name.startsWith(prefix));
  const stems = new Set(ours.map((name) => name.replace(/\.[a-z]+$/, '')));
  const stale: string[] = [];
  for (const stem of stems) {
    const note = await readNote(join(folder, `${stem}${noteSuffix}`));
    const changedMs = (await stat(join(folder, `${stem}${partSuffix}`)).catch(() => null))?.mtimeMs ?? 0;
    if (note?.bootId !== bootId || changedMs + keptMs < nowMs) stale.push(...ours.filter((name) => name.replace(/\.[a-z]+$/, '') === stem));
  }
  return stale;
}

async function readNote(path: string): Promise<Note | null> {
  try {
    const [resumeKey, validator, bootId, ...more] = (await readFile(path, 'utf8')).split('\n');
    return resumeKey && validator && bootId && more.join('') === 'end' ? { resumeKey, validator, bootId } : null;
  } catch {
    return null; // none: nothing is gone on from
  }
}

async function writeNote(path: string, note: Note): Promise<void> {
  try {
    await writeFile(`${path}.tmp`, [note.resumeKey, note.validator, note.bootId, 'end'].join('\n'), { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  } catch (thrown) {
    throw asWriteError(thrown, path);
  }
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

async function hashOf(path: string, length: number): Promise<Hash> {
  const hash = createHash('sha256');
  if (length > 0) for await (const piece of createReadStream(path, { end: length - 1, highWaterMark: 1 << 20 })) hash.update(piece);
  return hash;
}
