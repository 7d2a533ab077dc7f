import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DiskFormat, diskFormats, isNoRoom, MvirtError, noRoom, type VmId } from '@mvirt/domain';

/** Images lie here as NAME.FORMAT, what is being made under names that begin with a dot. */
export const imageFolder = (dataDir: string): string => join(dataDir, 'images');

export const imagePath = (dataDir: string, { name, format }: { name: string; format: DiskFormat }): string => join(imageFolder(dataDir), `${name}.${format}`);

/** Disks that were made for VMs, as ID.FORMAT. */
export const diskFolder = (dataDir: string): string => join(dataDir, 'disks');

export const ownDiskPath = (dataDir: string, id: VmId, format: DiskFormat): string => join(diskFolder(dataDir), `${id}.${format}`);

/** Disks of VMs that are being deleted. */
export const deletedPrefix = '.deleted-';
/** Files that nobody knows of yet: an agent that finds them at its start removes them. */
export const newPrefix = '.new-';

/** For its owner alone: images and disks may hold secrets. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw asWriteError(thrown, path);
  });
}

export const filesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])) : [];

/** What a file in one of these folders is called without its format; null: it is none of ours. */
export function stemOf(file: string): string | null {
  const format = diskFormats.find((one) => file.endsWith(`.${one}`));
  return format === undefined ? null : file.slice(0, -format.length - 1);
}

export type StoredFile = { path: string; stem: string };

/** Images by their names and disks by their VMs' ids, as they lie there; what is being made or deleted is none of them. */
export function storedFiles(dataDir: string): { images: StoredFile[]; disks: StoredFile[] } {
  const of = (folder: string): StoredFile[] =>
    filesIn(folder).flatMap((name) => {
      const stem = name.startsWith('.') ? null : stemOf(name);
      return stem === null ? [] : [{ path: join(folder, name), stem }];
    });
  return { images: of(imageFolder(dataDir)), disks: of(diskFolder(dataDir)) };
}

/** Under its final name, and still there after a power failure. The bytes are synced before. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncPath(dirname(to));
}

/** The same without waiting, for what must be there before a row says so: SQLite's own sync need not hold it (btrfs). */
export function renameDurablyNow(from: string, to: string): void {
  renameSync(from, to);
  const folder = openSync(dirname(to), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export async function syncPath(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}

/** Why a file could not be written: DISK_FULL, or STORE_ERROR. What is known better already stays as it is. */
export function asWriteError(thrown: unknown, path: string): MvirtError {
  if (thrown instanceof MvirtError) return thrown;
  if (isNoRoom(thrown)) return noRoom(dirname(path), `${path} cannot be written: the filesystem is full`, thrown);
  const tooLarge = thrown instanceof Error && 'code' in thrown && thrown.code === 'EFBIG';
  const why = tooLarge ? 'its filesystem has no files of that size' : thrown instanceof Error ? thrown.message : String(thrown);
  return new MvirtError({ code: tooLarge ? 'INVALID_ARGUMENT' : 'STORE_ERROR', message: `${path} cannot be written: ${why}`, cause: thrown });
}
