import { type FileHandle, open } from 'node:fs/promises';
import { isZero, MvirtError, maxDiskBytes } from '@mvirt/domain';
import { asWriteError } from './image-files.ts';

/** A file that is written from its beginning to its end, with holes where there are only zeros. */
export type SparseFile = AsyncDisposable & {
  /** Bytes so far, zeros at the end included. */
  length(): number;
  /** @throws DISK_FULL, STORE_ERROR, IMAGE_REFUSED where it becomes larger than any disk */
  write(bytes: Uint8Array): Promise<void>;
  /** This many zeros. */
  skip(count: number): void;
  /** Begins anew. */
  empty(): Promise<void>;
  /** Gives the file its whole length; durable where that is asked for. */
  settle(options: { durable: boolean }): Promise<void>;
};

const blockBytes = 64 * 1024;

/** start: how many of the bytes that are there are kept; null: the file is made. */
export async function openSparseFile(path: string, start: number | null = null): Promise<SparseFile> {
  const file = await open(path, start === null ? 'wx' : 'r+', 0o600).catch((thrown: unknown) => {
    throw asWriteError(thrown, path);
  });
  let length = start ?? 0;
  const tried = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      throw asWriteError(thrown, path);
    }
  };
  const grow = (count: number): void => {
    if (length + count > maxDiskBytes) throw new MvirtError({ code: 'IMAGE_REFUSED', message: 'the image is larger than 64 TiB' });
    length += count;
  };
  return {
    length: () => length,
    write: (bytes) =>
      tried(async () => {
        const at = length;
        grow(bytes.byteLength);
        for (const { from, to } of writtenRuns(bytes)) await writeAll(file, bytes.subarray(from, to), at + from);
      }),
    skip: grow,
    empty: () =>
      tried(async () => {
        await file.truncate(0);
        length = 0;
      }),
    settle: ({ durable }) =>
      tried(async () => {
        await file.truncate(length);
        if (durable) await file.sync();
      }),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** The parts that hold something, in whole blocks. */
function* writtenRuns(bytes: Uint8Array): Generator<{ from: number; to: number }> {
  let from: number | null = null;
  for (let at = 0; at < bytes.byteLength; at += blockBytes) {
    const empty = isZero(bytes.subarray(at, at + blockBytes));
    if (!empty) from ??= at;
    if (empty && from !== null) yield { from, to: at };
    if (empty) from = null;
  }
  if (from !== null) yield { from, to: bytes.byteLength };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}
