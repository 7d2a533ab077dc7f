import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type GroupPlace, ownGroupPlace, runHash } from './group-place.ts';

/** A VMM's own control group. counter: the file that says how many of its processes the kernel has killed for want of memory. */
export type VmmGroup = { path: string; counter: string };

/** A new group for one run; null where this host or this user can have none: then the kernel's log is all that tells of such an end. */
export function makeGroup(runDir: string): VmmGroup | null {
  const found = ownGroupPlace();
  if (found === null) return null;
  const path = join(found.folder, groupName(runDir));
  try {
    removeGroup({ path }); // of a run whose shim died before it: its count is not this one's
    makeFolder(found, path);
  } catch {
    return null; // no rights, no controller, or processes of an earlier run in it
  }
  const counter = join(path, found.counter);
  if (existsSync(counter)) return { path, counter };
  removeGroup({ path });
  return null;
}

/** The folder may go with another VM's group at any moment. */
function makeFolder(found: GroupPlace, path: string, triesLeft = 3): void {
  try {
    if (found.version === 2) handDown(found);
    mkdirSync(found.folder, { recursive: true });
    if (found.version === 2) writeFileSync(join(found.folder, 'cgroup.subtree_control'), '+memory');
    mkdirSync(path);
  } catch (thrown) {
    const isGone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (triesLeft === 0 || !isGone) throw thrown;
    makeFolder(found, path, triesLeft - 1);
  }
}

/** The group of a run, where there is one. */
export function removeGroupOf(runDir: string): void {
  const found = ownGroupPlace();
  if (found !== null) removeGroup({ path: join(found.folder, groupName(runDir)) });
}

/** Goes with its last process; one that has processes stays. */
export function removeGroup({ path }: Pick<VmmGroup, 'path'>): void {
  try {
    rmdirSync(path);
    rmdirSync(dirname(path)); // the folder of all groups goes with the last one
  } catch {
    // not there, or not empty
  }
}

const groupName = (runDir: string): string => `${basename(runDir)}-${runHash(runDir)}`;

/** Groups below the top have the memory controller where the top hands it down (systemd does). */
function handDown({ mount }: GroupPlace): void {
  const file = join(mount, 'cgroup.subtree_control');
  if (!readFileSync(file, 'utf8').split(/\s/).includes('memory')) writeFileSync(file, '+memory');
}
