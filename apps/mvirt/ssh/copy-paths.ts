import { resolve } from 'node:path';
import { usageError } from '../cli/usage-error.ts';

/** What is copied, and whereto: one side is in a VM's guest, the other on this host. */
export type CopyPaths = { vm: string; direction: 'from-vm' | 'to-vm'; remote: string; local: string };

/** VM:PATH is a place in a guest; a path of this host that has a colon is given as ./PATH. @throws INVALID_ARGUMENT */
export function copyPaths(source: string, destination: string, cwd: string): CopyPaths {
  const [from, to] = [remotePart(source), remotePart(destination)];
  if (from !== null && to !== null) {
    throw usageError('both are in guests: copy to this host first, then from there');
  }
  if (from !== null) return { ...from, direction: 'from-vm', local: localPath(destination, cwd) };
  if (to !== null) return { ...to, direction: 'to-vm', local: localPath(source, cwd) };
  throw usageError('neither is in a guest: write VM:PATH for the one that is');
}

/** The two arguments of scp. It takes a path with its protocol's wildcards from the guest, and every other path as it is. */
export function scpPaths({ direction, remote, local }: CopyPaths, host: string): [string, string] {
  if (direction === 'to-vm') return [local, `${host}:${remote}`];
  return [`${host}:${remote.replace(/[\\*?[\]{}]/g, '\\$&')}`, local];
}

function remotePart(text: string): { vm: string; remote: string } | null {
  const [, vm, remote] = /^([^/:]+):(.*)$/s.exec(text) ?? [];
  return vm === undefined || remote === undefined ? null : { vm, remote };
}

/** Absolute, so that scp takes no colon or dash in it for something else; that it ends in a slash still says that it is a folder. */
function localPath(text: string, cwd: string): string {
  if (text === '') throw usageError('a path is empty');
  const path = resolve(cwd, text);
  return text.endsWith('/') && path !== '/' ? `${path}/` : path;
}
