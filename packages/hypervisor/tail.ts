import { readEnd } from '@mvirt/host';

/** Escape sequences and control bytes, which would move the reader's cursor. */
const unprintable = /\u001b(\[[0-9;?]*[ -/]*[@-~]|[@-_])|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** The last lines of a text file from an offset on, printable; null where there is nothing. */
export function tailOf(path: string, { lines, maxBytes = 4096, from = 0 }: { lines: number; maxBytes?: number; from?: number }): string | null {
  const text = readEnd(path, maxBytes, from)?.toString('utf8').replace(unprintable, '').trimEnd() ?? '';
  return text === '' ? null : text.split('\n').slice(-lines).join('\n');
}
