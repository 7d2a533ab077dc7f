import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { processesOf } from './dir-processes.ts';
import { waitFor } from './wait-for.ts';

export type LeakOptions = {
  /** The test's own directory: processes that work in it, name it or hold a file of it open are the test's. */
  dir?: string;
  /** Files (relative to dir) that the test leaves there on purpose, because removing the directory is its owner's task. */
  mayStay?: (file: string) => boolean;
  timeoutMs?: number;
};

export type LeakWatch = AsyncDisposable & {
  /** @throws Error that lists everything left: processes, descriptors (sockets, PTYs, pidfds, TAPs), TAPs, files. */
  check(): Promise<void>;
};

/**
 * Proves at the test's end that it left nothing behind: `await using leaks = watchLeaks({ dir: dir.path })`, after the
 * directory and before everything else. What is still ending gets timeoutMs (default 10 s) to be gone.
 */
export function watchLeaks({ dir, mayStay = () => false, timeoutMs = 10_000 }: LeakOptions = {}): LeakWatch {
  const root = dir === undefined ? null : realpathSync(dir);
  const seen = () => [...processes(root), ...descriptors(root), ...taps(), ...files(root, mayStay)];
  const before = new Set(seen());
  const left = () => seen().filter((thing) => !before.has(thing));

  const check = async () => {
    try {
      await waitFor('nothing to be left', () => left().length === 0, { timeoutMs });
    } catch (error) {
      throw new Error(`the test left behind:\n  ${left().join('\n  ')}`, { cause: error });
    }
  };
  return { check, [Symbol.asyncDispose]: check };
}

/** Our descendants, and whoever has to do with the directory (a process that outlives its parent is no descendant). */
function processes(root: string | null): string[] {
  const belonging = new Set(root === null ? [] : processesOf(root));
  const parents = new Map(numbers('/proc').map((pid) => [pid, statOf(pid)] as const));
  const descends = (pid: number): boolean => {
    const parent = parents.get(pid)?.parent ?? 0;
    return parent === process.pid || (parent > 1 && descends(parent));
  };
  return [...parents]
    .filter(([pid, stat]) => pid !== process.pid && stat !== null && (descends(pid) || belonging.has(pid)))
    .map(([pid, stat]) => `process ${pid} (started at tick ${stat?.startTicks}): ${commandLine(pid)}`);
}

function statOf(pid: number): { parent: number; startTicks: string } | null {
  const words = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  if (words === undefined || words[0] === 'Z' || words[0] === 'X') return null;
  return { parent: Number(words[1]), startTicks: words[19] ?? '' };
}

/** Our own open descriptors of the kinds that a test opens; the runtime's pipes, queues and copies of stdio are its own affair. */
function descriptors(root: string | null): string[] {
  const stdio = [0, 1, 2].map((fd) => link(`/proc/self/fd/${fd}`));
  const isTests = (target: string) => /^socket:|^anon_inode:\[pidfd\]|^\/dev\/(ptmx|pts\/|net\/tun)/.test(target) || (root !== null && isWithin(target, root));
  return numbers('/proc/self/fd')
    .map((fd) => link(`/proc/self/fd/${fd}`))
    .filter((target) => isTests(target) && !stdio.includes(target))
    .map((target, index, all) => `descriptor ${target} (${all.slice(0, index + 1).filter((other) => other === target).length})`);
}

function taps(): string[] {
  return list('/sys/class/net')
    .filter((name) => existsSync(`/sys/class/net/${name}/tun_flags`))
    .map((name) => `TAP ${name}`);
}

function files(root: string | null, mayStay: (file: string) => boolean): string[] {
  if (root === null) return [];
  return walk(root)
    .filter((path) => !mayStay(path.slice(root.length + 1)))
    .map((path) => `file ${path}`);
}

/** By hand: Bun 1.4.5's recursive readdir follows symbolic links. */
function walk(folder: string): string[] {
  const entries = attempt(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...walk(path)] : [path];
  });
}

const isWithin = (path: string, root: string): boolean => path === root || path.startsWith(root + sep);
const commandLine = (pid: number): string => read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
const numbers = (path: string): number[] =>
  list(path)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
const list = (path: string): string[] => attempt(() => readdirSync(path)) ?? [];
const read = (path: string): string | null => attempt(() => readFileSync(path, 'utf8'));
const link = (path: string): string => attempt(() => readlinkSync(path)) ?? '';

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null; // gone while we looked, or another user's: it is none of the test's
  }
}
