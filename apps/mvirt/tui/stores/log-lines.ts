import type { LogLineDocument } from '@mvirt/api/schema';
import { plainText } from '../layout/text.ts';

/** seq counts lines since the log was opened; it is never used again. */
export type LogEntry = { seq: number; line: LogLineDocument; text: string };

/** A row on screen: of a line, its row-th where it is wrapped. */
export type LogPlace = { seq: number; row: number };

export type LogRow = { entry: LogEntry; row: number; text: string };

/** A line longer than this is cut: one line must not take all memory. */
const longestLine = 4096;

/** A log's newest lines, bounded, and the rows that they take: plain data, changed in place. */
export function createLogLines(kept: number) {
  let entries: LogEntry[] = [];
  let nextSeq = 0;

  const first = (): number => entries[0]?.seq ?? nextSeq;
  const last = (): number => nextSeq - 1;
  const entryAt = (seq: number): LogEntry | null => entries[seq - first()] ?? null;

  return {
    first,
    last,
    entryAt,
    all: (): readonly LogEntry[] => entries,
    append(line: LogLineDocument): LogEntry {
      const entry = { seq: nextSeq++, line, text: plainText(line.text.slice(0, longestLine)) };
      entries.push(entry);
      // Dropped in lots: dropping each one would move all others each time.
      if (entries.length > kept + kept / 10) entries = entries.slice(-kept);
      return entry;
    },
    clear(): void {
      entries = [];
    },
  };
}

export type LogLines = ReturnType<typeof createLogLines>;

/** How many rows and which text: given by the pane's width and whether lines are wrapped. */
export type RowsOf = (entry: LogEntry) => readonly string[];

/** The place `rows` further (negative: back), or null past the last row. Before the first row: the first. */
export function moved(lines: LogLines, from: LogPlace, rows: number, rowsOf: RowsOf): LogPlace | null {
  let { seq, row } = from;
  for (let left = Math.abs(rows); left > 0; left -= 1) {
    if (rows > 0) {
      const entry = lines.entryAt(seq);
      if (entry !== null && row + 1 < rowsOf(entry).length) row += 1;
      else if (seq < lines.last()) [seq, row] = [seq + 1, 0];
      else return null;
    } else if (row > 0) row -= 1;
    else {
      const above = lines.entryAt(seq - 1);
      if (above === null) return { seq, row };
      [seq, row] = [seq - 1, rowsOf(above).length - 1];
    }
  }
  return { seq, row };
}

/** The rows of a pane whose last row is at `bottom`; fewer where the log is shorter. */
export function rowsUpTo(lines: LogLines, bottom: LogPlace, height: number, rowsOf: RowsOf): LogRow[] {
  const rows: LogRow[] = [];
  for (let seq = bottom.seq; rows.length < height; seq -= 1) {
    const entry = lines.entryAt(seq);
    if (entry === null) break;
    const texts = rowsOf(entry);
    for (let row = seq === bottom.seq ? Math.min(bottom.row, texts.length - 1) : texts.length - 1; row >= 0 && rows.length < height; row -= 1)
      rows.push({ entry, row, text: texts[row] ?? '' });
  }
  return rows.reverse();
}
