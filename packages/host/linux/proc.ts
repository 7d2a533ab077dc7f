import { type BigIntStats, readdirSync, readFileSync, statSync } from 'node:fs';
import { isLiving, type ProcStat, parseProcStat } from './proc-stat.ts';

/** The living process with this pid; null where there is none. */
export function readProcStat(pid: number): ProcStat | null {
  const text = readProc(`${pid}/stat`);
  const stat = text === null ? null : parseProcStat(text);
  return stat !== null && isLiving(stat) ? stat : null;
}

/** Text of a file below /proc; null once its process is gone or where it may not be read. @throws Error where this cannot be told (no descriptor is free). */
export function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && absent.has(error.code)) return null;
    throw error; // "gone" would have a living VMM called ended
  }
}

/** The process ended, or is none of ours. */
const absent = new Set<unknown>(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR']);

export function listPids(): number[] {
  return readdirSync('/proc').filter(isNumeric).map(Number);
}

/** Numbers of the descriptors of a process; none where they may not be seen. */
export function listDescriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).filter(isNumeric);
  } catch {
    return []; // ended, or another user's
  }
}

/** Device and inode of what a path leads to, as one key; null where nothing is there (or nothing may be seen). */
export function fileKey(path: string): string | null {
  try {
    const stats: BigIntStats = statSync(path, { bigint: true });
    return `${stats.dev}:${stats.ino}`;
  } catch {
    return null; // gone, or not to be seen
  }
}

const isNumeric = (name: string): boolean => /^\d+$/.test(name);
