import { type Stats, statSync } from 'node:fs';
import { realPath } from './real-path.ts';

/** The same for each name of one file: links to it, and other nodes of one block device. */
export function diskKey(path: string): string {
  const stat = statOf(path);
  if (stat?.isBlockDevice()) return `block ${stat.rdev}`;
  if (stat) return `file ${stat.dev}:${stat.ino}`;
  return `path ${realPath(path)}`;
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null; // not there, or not to be looked at: its name is all there is to compare
  }
}
