import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';

export const lockFile = 'mvirt.lock';

export type Holder = { pid: number; command: string };

/**
 * Takes the data directory (made when missing, 0700) for this process until it ends, however it ends.
 * @throws DATA_DIR_IN_USE naming the process: another agent, or whoever has the database open; DENIED, DISK_FULL or
 * INVALID_ARGUMENT where the folder cannot be made or written
 */
export function takeDataDir({ files, processes }: Pick<Host, 'files' | 'processes'>, dataDir: string, databaseFile: string): Disposable {
  const path = join(dataDir, lockFile);
  const lock = openLock(files, dataDir, path);
  if (lock === null) throw inUse(dataDir, 'another agent', processes.holdersOf(path));
  // The Rust daemon knows no lock, and an inspector's open transaction would hold us up.
  const holders = processes.holdersOf(join(dataDir, databaseFile));
  if (holders.length === 0) return lock;
  lock[Symbol.dispose]();
  throw inUse(dataDir, databaseFile, holders);
}

function openLock(files: Host['files'], dataDir: string, path: string): Disposable | null {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return files.lock(path);
  } catch (cause) {
    const code = errnoOf(cause);
    const message = `--data-dir: ${dataDir} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new MvirtError({ code: 'DISK_FULL', message, cause });
    if (code === 'EACCES' || code === 'EPERM')
      throw new MvirtError({ code: 'DENIED', message, hint: 'give a --data-dir that this user may write, or run the agent as root', cause });
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message, hint: 'give a --data-dir that is a folder on a filesystem that can be written', cause });
  }
}

/** The error's own code, or that of what it wraps. */
function errnoOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error)) return null;
  if ('code' in thrown && typeof thrown.code === 'string' && /^E[A-Z]+$/.test(thrown.code)) return thrown.code;
  return errnoOf(thrown.cause);
}

function inUse(dataDir: string, what: string, holders: Holder[]): MvirtError {
  const by = holders.map(({ pid, command }) => `process ${pid} (${command})`).join(', ') || 'a process of another user';
  const message = what === 'another agent' ? `${dataDir} is in use by another agent: ${by}` : `${dataDir}/${what} is open in ${by}`;
  return new MvirtError({ code: 'DATA_DIR_IN_USE', message });
}
