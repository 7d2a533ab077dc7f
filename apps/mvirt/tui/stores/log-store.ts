import type { LogLineDocument } from '@mvirt/api/schema';
import { batch, createMemo, createSignal } from 'solid-js';
import type { Direction, Step } from '../keymap/actions.ts';
import { logTextCells } from '../layout/log-row.ts';
import { wrap } from '../layout/text.ts';
import { createLogLines, type LogEntry, type LogPlace, type LogRow, moved, rowsUpTo } from './log-lines.ts';
import { createLogSearch } from './log-search.ts';

const keptLines = 2000;

export type LogStore = ReturnType<typeof createLogStore>;

/** The selected VM's log lines, bounded; following the newest until somebody scrolls up or goes to a hit. */
export function createLogStore() {
  const lines = createLogLines(keptLines);
  const search = createLogSearch();
  const [version, setVersion] = createSignal(0);
  const [size, setSize] = createSignal({ width: 80, height: 5 });
  const [wrapped, setWrapped] = createSignal(false);
  /** The last row that is seen; null: follows the newest. */
  const [bottom, setBottom] = createSignal<LogPlace | null>(null);
  /** The newest line when following ended. */
  const [leftAt, setLeftAt] = createSignal(-1);

  const rowsOf = (entry: LogEntry): readonly string[] => (wrapped() ? wrap(entry.text, logTextCells(entry.line, size().width)) : [entry.text]);

  function newest(): LogPlace {
    const entry = lines.entryAt(lines.last());
    return { seq: lines.last(), row: entry === null ? 0 : rowsOf(entry).length - 1 };
  }

  /** The highest place that the last row can have: a pane is full wherever there are lines enough. */
  const highest = (): LogPlace | null => moved(lines, { seq: lines.first(), row: 0 }, Math.max(1, size().height) - 1, rowsOf);

  function settle(to: LogPlace | null): void {
    if (to === null) {
      setBottom(null);
      return;
    }
    const top = highest();
    if (bottom() === null) setLeftAt(lines.last());
    setBottom(top === null ? newest() : before(to, top) ? top : to);
  }

  /** What stands in the pane: the line of a hit in its middle. */
  function showHit(seq: number | null): void {
    if (seq !== null) settle(moved(lines, { seq, row: 0 }, Math.floor(size().height / 2), rowsOf) ?? newest());
  }

  const visible = createMemo<readonly LogRow[]>(() => {
    version();
    const place = bottom() ?? newest();
    return rowsUpTo(lines, place.seq < lines.first() ? (highest() ?? newest()) : place, size().height, rowsOf);
  });

  return {
    visible,
    search,
    wrapped,
    size,
    toggleWrap: (): void => void setWrapped((on) => !on),
    following: createMemo(() => bottom() === null),
    /** Lines that came while not following. */
    missed: createMemo(() => {
      version();
      return bottom() === null ? 0 : Math.max(0, lines.last() - leftAt());
    }),
    /** Whole lines, with their times. */
    texts: (what: 'seen' | 'all'): string[] =>
      (what === 'all' ? lines.all() : [...new Set(visible().map((row) => row.entry))]).map(({ line, text }) => `${line.at ?? '-'}  ${text}`),
    /** What the pane has room for, in cells. */
    setSize,
    clear(): void {
      batch(() => {
        lines.clear();
        search.forget();
        setBottom(null);
        setVersion((count) => count + 1);
      });
    },
    append(line: LogLineDocument): void {
      batch(() => {
        search.add(lines.append(line), lines.first());
        setVersion((count) => count + 1);
      });
    },
    scroll(by: Step, direction: Direction, rows = 1): void {
      const page = Math.max(1, size().height - 1);
      batch(() => {
        if (by === 'end') settle(direction > 0 ? null : { seq: lines.first(), row: 0 });
        else if (direction < 0 || bottom() !== null) settle(moved(lines, bottom() ?? newest(), direction * (by === 'page' ? page : rows), rowsOf));
        // At the last row there is nothing to come back to: the newest are followed again.
        if (direction > 0 && bottom() !== null && !before(bottom() ?? newest(), newest())) setBottom(null);
      });
    },
    searchFor: (text: string): void => search.search(text, lines.all()),
    /** False where nothing was found. */
    toNewestHit(): boolean {
      const hit = search.toNewest(bottom()?.seq ?? lines.last());
      showHit(hit);
      return hit !== null;
    },
    stepHit(direction: Direction): boolean {
      const hit = search.step(direction);
      showHit(hit);
      return hit !== null;
    },
  };
}

const before = (a: LogPlace, b: LogPlace): boolean => a.seq < b.seq || (a.seq === b.seq && a.row < b.row);
