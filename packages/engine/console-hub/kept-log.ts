import { constants, ftruncateSync, lstatSync, readdirSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openPlain } from '@mvirt/host';
import { type BlockFile, createBlockFile } from './block-file.ts';

/** Bytes [from, to) of one log, in a file that holds them from its byte `from - base` on. */
export type Segment = { logId: string; from: number; to: number; base: number; file: BlockFile };

export type Rotation = { directory: string; path: string; logId: string; from: number; onCut: (kept: Segment) => void };

const keptName = (logId: string, from: number) => `console-${logId}-${from}.old`;
const keptPattern = /^console-([0-9a-z]+)-(\d+)\.old(\.part)?$/;
const copyBytes = 1024 * 1024;

/** What the last rotation left beside the log, or null. */
export function findKept(directory: string): Segment | null {
  let found: Segment | null = null;
  for (const name of filesOf(directory)) {
    const [match, logId, from, part] = keptPattern.exec(name) ?? [];
    if (match === undefined || logId === undefined) continue;
    const path = join(directory, name);
    if (part !== undefined || found !== null) rmSync(path, { force: true });
    else found = segmentOf(path, logId, Number(from));
  }
  return found;
}

export function removeKept(directory: string, except?: string): void {
  for (const name of filesOf(directory)) if (keptPattern.test(name) && name !== except) rmSync(join(directory, name), { force: true });
}

/**
 * Where a filesystem cannot punch holes: copies the log from `from` on into a file beside it, then empties the log, which
 * its VMM goes on appending to (O_APPEND: at offset 0). Between the last read, which found nothing more, and the cut lie
 * two system calls: only bytes written in those microseconds are lost. onCut is called in the same turn.
 */
export async function rotateFile({ directory, path, logId, from, onCut }: Rotation): Promise<void> {
  const name = keptName(logId, from);
  const kept = join(directory, name);
  rmSync(`${kept}.part`, { force: true });
  using source = openPlain(path, constants.O_RDWR);
  using target = openPlain(`${kept}.part`, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  let offset = from;
  const buffer = Buffer.allocUnsafeSlow(copyBytes);
  const copy = () => {
    const count = readSync(source.fd, buffer, 0, copyBytes, offset);
    for (let written = 0; written < count; ) written += writeSync(target.fd, buffer, written, count - written);
    offset += count;
    return count;
  };
  while (copy() === copyBytes) await setImmediate();
  removeKept(directory, `${name}.part`);
  renameSync(`${kept}.part`, kept);
  while (copy() > 0);
  ftruncateSync(source.fd, 0);
  onCut(segmentOf(kept, logId, from));
}

function segmentOf(path: string, logId: string, from: number): Segment {
  const { size, ino } = lstatSync(path);
  return { logId, from, to: from + size, base: from, file: createBlockFile(path, ino) };
}

function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // No run directory yet: nothing is kept.
    return [];
  }
}
