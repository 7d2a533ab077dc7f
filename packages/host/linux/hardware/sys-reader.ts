import { readdir, readFile, readlink } from 'node:fs/promises';

/** Files below /proc and /sys. What is missing, refused or not answered in time is null, or an empty list: one figure less. */
export interface SysReader {
  /** Trimmed. */
  text(path: string): Promise<string | null>;
  list(path: string): Promise<string[]>;
  /** The last part of what a symbolic link names. */
  linkName(path: string): Promise<string | null>;
}

/** All that is read through one reader has this time in total: a device that hangs holds up its own figures only. */
export const readMs = 2000;

export function createSysReader(): SysReader & Disposable {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), readMs);
  const attempt = async <T>(reading: Promise<T>): Promise<T | null> => {
    // A NIC that is down answers EINVAL for its speed, a disk without a medium ENOMEDIUM: so many files, so many reasons.
    return await Promise.race([reading.catch(() => null), late.promise]);
  };
  return {
    text: async (path) => (await attempt(readFile(path, 'utf8')))?.trim() ?? null,
    list: async (path) => (await attempt(readdir(path)))?.sort() ?? [],
    linkName: async (path) => (await attempt(readlink(path)))?.split('/').at(-1) ?? null,
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
