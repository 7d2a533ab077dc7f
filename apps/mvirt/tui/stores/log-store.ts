import type { LogLineDocument } from '@mvirt/api/schema';
import { createMemo, createSignal } from 'solid-js';

const keptLines = 2000;

export type LogStore = ReturnType<typeof createLogStore>;

/** The selected VM's log lines, bounded; following the newest until somebody scrolls up. */
export function createLogStore() {
  const [lines, setLines] = createSignal<LogLineDocument[]>([]);
  /** Lines below the last visible one; 0: following. */
  const [below, setBelow] = createSignal(0);
  /** Lines that came while not following. */
  const [missed, setMissed] = createSignal(0);

  return {
    lines,
    missed,
    following: createMemo(() => below() === 0),
    /** The lines that `rows` rows show. */
    visible: (rows: number): LogLineDocument[] => {
      const end = lines().length - Math.min(below(), Math.max(0, lines().length - rows));
      return lines().slice(Math.max(0, end - rows), end);
    },
    clear(): void {
      setLines([]);
      setBelow(0);
      setMissed(0);
    },
    append(line: LogLineDocument): void {
      setLines((before) => (before.length >= keptLines ? [...before.slice(before.length - keptLines + 1), line] : [...before, line]));
      if (below() === 0) return;
      setBelow((rows) => Math.min(rows + 1, keptLines));
      setMissed((count) => count + 1);
    },
    /** direction 1: towards the newest. */
    scroll(by: 'line' | 'page' | 'end', direction: -1 | 1, rows: number): void {
      const most = Math.max(0, lines().length - rows);
      const step = by === 'line' ? 1 : by === 'page' ? Math.max(1, rows - 1) : most;
      setBelow((now) => Math.min(most, Math.max(0, Math.min(now, most) - direction * step)));
      if (below() === 0) setMissed(0);
    },
  };
}
