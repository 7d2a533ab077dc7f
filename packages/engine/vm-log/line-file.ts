import { lstatSync, readSync } from 'node:fs';
import { openPlain } from '@mvirt/host';
import { plainText } from '../console-hub/plain-text.ts';

/** A file of text lines that a VMM appends to, read from one place on. Nothing of it is kept but an unfinished line. */
export interface LineFile {
  /** Lines that ended since the last call, out of at most 64 KiB; more: there may be others already. */
  read(): { lines: string[]; more: boolean };
  /** Looks at the file; true: it grew, was cut or replaced since the last look or read. Never throws. */
  look(): boolean;
}

const blockBytes = 64 * 1024;
/** A longer line is cut: a VMM may print anything. */
const maxLineCharacters = 2000;
const lineFeed = 10;

/** The last lines, at most 64 KiB of them, the unfinished one too; and what follows them. */
export function openLineFile(path: string): { last: string[]; file: LineFile } {
  const { bytes, inode, size } = readAt(path, (state) => Math.max(0, state.size - blockBytes));
  const text = plainText(size > blockBytes ? bytes.subarray(bytes.indexOf(lineFeed) + 1) : bytes);
  return { last: linesOf(text), file: createLineFile(path, inode, size) };
}

function createLineFile(path: string, firstInode: number, firstOffset: number): LineFile {
  let inode = firstInode;
  let offset = firstOffset;
  let seen = `${inode}:${offset}`;
  let rest: Buffer = Buffer.alloc(0);

  return {
    read() {
      const block = readAt(path, (state) => (state.inode === inode && state.size >= offset ? offset : 0));
      if (block.inode !== inode || block.size < offset) {
        inode = block.inode;
        offset = 0;
        rest = Buffer.alloc(0);
      }
      offset += block.bytes.length;
      const bytes = Buffer.concat([rest, block.bytes]);
      const end = bytes.lastIndexOf(lineFeed) + 1;
      // Of an endless line only the beginning is shown.
      rest = bytes.subarray(end, end + blockBytes);
      return { lines: linesOf(plainText(bytes.subarray(0, end))), more: block.bytes.length > 0 };
    },
    look() {
      const state = stateOf(path);
      const now = `${state.inode}:${state.size}`;
      const changed = now !== seen;
      seen = now;
      return changed;
    },
  };
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => (line.length > maxLineCharacters ? `${line.slice(0, maxLineCharacters)}…` : line));

type State = { inode: number; size: number };
const absent = { inode: 0, size: 0, bytes: new Uint8Array(0) };

function stateOf(path: string): State {
  const state = lstatSync(path, { throwIfNoEntry: false });
  // Not there yet, or not the VMM's doing as it should be: no lines.
  return state?.isFile() ? { inode: state.ino, size: state.size } : absent;
}

function readAt(path: string, place: (state: State) => number): State & { bytes: Uint8Array } {
  try {
    using file = openPlain(path);
    const { ino: inode, size } = file.state;
    const buffer = new Uint8Array(blockBytes);
    const count = readSync(file.fd, buffer, 0, blockBytes, place({ inode, size }));
    return { inode, size, bytes: buffer.subarray(0, count) };
  } catch {
    // Not there yet, or no plain file: no lines.
    return absent;
  }
}
