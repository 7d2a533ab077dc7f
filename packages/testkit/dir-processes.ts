import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Processes, other than this one, that work in a directory, name it in their command line or hold a file of it open. It has no symbolic links. */
export function processesOf(dir: string): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isAlive(name) && belongsTo(name, dir))
    .map(Number);
}

/** Ends what a test that failed, or ran out of time, could not end itself. */
export function endProcessesOf(dir: string): void {
  for (const pid of processesOf(dir)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended in this very moment
    }
  }
}

function belongsTo(pid: string, dir: string): boolean {
  const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
  if (command === '') return false; // the kernel's own, or a zombie
  const held = list(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
  return command.includes(dir) || [link(`/proc/${pid}/cwd`), ...held].some((path) => path === dir || path.startsWith(dir + sep));
}

/** A zombie is nobody's any more. */
const isAlive = (pid: string): boolean => !/^\d+ \(.*\) [ZX]/s.test(attempt(() => readFileSync(join('/proc', pid, 'stat'), 'utf8')) ?? '0 () Z');

const list = (path: string): string[] => attempt(() => readdirSync(path)) ?? [];
const link = (path: string): string => attempt(() => readlinkSync(path)) ?? '';

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null; // gone while we looked, or another user's
  }
}
