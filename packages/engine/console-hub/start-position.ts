import { assertNever } from '@mvirt/domain';
import type { ConsoleStart } from '../services.ts';
import type { ConsoleLogFile } from './console-log.ts';
import { offsetAt } from './log-record.ts';
import { nowhere, type Position, parseCursor } from './position.ts';

const blockBytes = 64 * 1024;
const lineFeed = 10;

/** Where an attachment begins; `end` is where the log ended when it was asked for. @throws INVALID_ARGUMENT for a malformed cursor */
export async function startPosition(log: ConsoleLogFile, from: ConsoleStart, end: Position): Promise<Position> {
  switch (from.kind) {
    case 'cursor':
      return parseCursor(from.cursor);
    case 'all':
      return log.oldest();
    case 'live':
      return end;
    case 'tail':
      return lastBytes(log, Math.max(0, from.bytes));
    case 'lines':
      return lastLines(log, Math.max(0, from.lines));
    case 'since':
      return since(log, from.atMs);
    default:
      return assertNever(from);
  }
}

function lastBytes(log: ConsoleLogFile, bytes: number): Position {
  let left = bytes;
  for (const { logId, from, to } of log.segments().reverse()) {
    if (left <= to - from) return { logId, offset: to - left };
    left -= to - from;
  }
  return log.oldest();
}

/** A line feed that ends the log ends its last line and begins no new one. */
async function lastLines(log: ConsoleLogFile, lines: number): Promise<Position> {
  const end = log.newest();
  if (lines === 0) return end;
  let left = lines;
  for (const { logId, from, to } of log.segments().reverse()) {
    for (let blockEnd = to; blockEnd > from; blockEnd -= Math.min(blockBytes, blockEnd - from)) {
      const offset = Math.max(from, blockEnd - blockBytes);
      const bytes = await readWhole(log, { logId, offset }, blockEnd - offset);
      // Dropped or replaced meanwhile: there is no more than what is left.
      if (bytes === null) return log.oldest();
      for (let index = bytes.lastIndexOf(lineFeed); index >= 0; index = index === 0 ? -1 : bytes.lastIndexOf(lineFeed, index - 1)) {
        const after = offset + index + 1;
        if (logId === end.logId && after === end.offset) continue;
        left -= 1;
        if (left === 0) return { logId, offset: after };
      }
    }
  }
  return log.oldest();
}

async function readWhole(log: ConsoleLogFile, { logId, offset }: Position, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const chunk = await log.read({ logId, offset: offset + done }, length - done);
    if (chunk.kind !== 'data') return null;
    bytes.set(chunk.bytes, done);
    done += chunk.bytes.length;
  }
  return bytes;
}

function since(log: ConsoleLogFile, atMs: number): Position {
  const record = log.record();
  if (record === null) return nowhere;
  const began = record.times[0]?.atMs ?? 0;
  return atMs < began ? log.oldest() : { logId: record.logId, offset: offsetAt(record, atMs, log.seenAtMs()) };
}
