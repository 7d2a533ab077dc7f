import { createHash } from 'node:crypto';
import { readProc } from '../proc.ts';

/** Where VMMs' control groups are made: a folder of the memory controller's, and the file in each group that counts kills for want of memory. */
export type GroupPlace = { folder: string; counter: 'memory.oom_control' | 'memory.events'; version: 1 | 2; mount: string };

/** Where they are for this process. */
export const ownGroupPlace = (): GroupPlace | null => groupPlace(readProc('self/cgroup') ?? '', readProc('self/mountinfo') ?? '');

/** Of a run's own, for names: the same id may be in two data directories. */
export const runHash = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 8);

/**
 * Finds the memory controller from the texts of /proc/self/cgroup and /proc/self/mountinfo (cgroups(7), proc(5)); null: none is mounted.
 * Version 1: below the agent's own group, whose limits hold for its VMs. Version 2: at the top, because a group with processes has no children with controllers.
 */
export function groupPlace(cgroup: string, mountinfo: string): GroupPlace | null {
  const mounts = mountinfo.split('\n').flatMap((line) => parseMount(line) ?? []);
  const own = cgroup.split('\n').find((line) => line.split(':')[1]?.split(',').includes('memory'));
  const first = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'));
  if (own !== undefined && first !== undefined) {
    const path = within(own.split(':').slice(2).join(':'), first.root);
    return path === null ? null : { folder: `${first.point}${path}/mvirt`, counter: 'memory.oom_control', version: 1, mount: first.point };
  }
  const second = mounts.find(({ type }) => type === 'cgroup2');
  return second === undefined ? null : { folder: `${second.point}/mvirt`, counter: 'memory.events', version: 2, mount: second.point };
}

type Mount = { root: string; point: string; type: string; options: string[] };

function parseMount(line: string): Mount | null {
  const [before = '', after] = line.split(' - ');
  const [type, , options] = after?.split(' ') ?? [];
  const [, , , root, point] = before.split(' ');
  return type === undefined || root === undefined || point === undefined ? null : { root, point, type, options: options?.split(',') ?? [] };
}

/** A group's path below what is mounted: a container may see a part of the tree alone. */
function within(path: string, root: string): string | null {
  if (root === '/') return path === '/' ? '' : path;
  if (path === root || path === '/') return '';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}
