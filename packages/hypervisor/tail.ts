import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Escape sequences and control bytes, which would move the reader's cursor. */
const unprintable = /\u001b(\[[0-9;?]*[ -/]*[@-~]|[@-_])|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** The last lines of a text file from an offset on, printable; null where there is nothing. */
export function tailOf(path: string, { lines, maxBytes = 4096, from = 0 }: { lines: number; maxBytes?: number; from?: number }): string | null {
  const text = readEnd(path, maxBytes, from)?.replace(unprintable, '').trimEnd() ?? '';
  return text === '' ? null : text.split('\n').slice(-lines).join('\n');
}

function readEnd(path: string, maxBytes: number, from: number): string | null {
  try {
    const fd = openSync(path, constants.O_RDONLY);
    try {
      const { size } = fstatSync(fd);
      const start = Math.max(from, size - maxBytes);
      const bytes = Buffer.alloc(Math.max(0, size - start));
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start)).toString('utf8');
    } finally {
      closeSync(fd);
    }
  } catch {
    // No such file: nothing was said.
    return null;
  }
}
