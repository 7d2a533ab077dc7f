import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';

export const lockFile = 'mvirt.lock';

export type Holder = { pid: number; command: string };

/**
 * Takes the data directory (made when missing, 0700) for this process until it ends, however it ends.
 * @throws DATA_DIR_IN_USE naming the process: another agent, or whoever has the database open
 */
export function takeDataDir({ files, processes }: Pick<Host, 'files' | 'processes'>, dataDir: string, databaseFile: string): Disposable {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, lockFile);
  const lock = files.lock(path);
  if (lock === null) throw inUse(dataDir, 'another agent', processes.holdersOf(path));
  // The Rust daemon knows no lock, and an inspector's open transaction would hold us up.
  const holders = processes.holdersOf(join(dataDir, databaseFile));
  if (holders.length === 0) return lock;
  lock[Symbol.dispose]();
  throw inUse(dataDir, databaseFile, holders);
}

function inUse(dataDir: string, what: string, holders: Holder[]): MvirtError {
  const by = holders.map(({ pid, command }) => `process ${pid} (${command})`).join(', ') || 'a process of another user';
  const message = what === 'another agent' ? `${dataDir} is in use by another agent: ${by}` : `${dataDir}/${what} is open in ${by}`;
  return new MvirtError({ code: 'DATA_DIR_IN_USE', message });
}
