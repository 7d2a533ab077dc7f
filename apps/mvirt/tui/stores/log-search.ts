import { createSignal } from 'solid-js';
import type { LogEntry } from './log-lines.ts';

export type LogSearch = ReturnType<typeof createLogSearch>;

/** What the log is searched for, and where it was found. Each line is looked at once. */
export function createLogSearch() {
  const [term, setTerm] = createSignal('');
  const [hits, setHits] = createSignal<readonly number[]>([]);
  const [current, setCurrent] = createSignal<number | null>(null);
  const found = (entry: LogEntry): boolean => entry.text.toLowerCase().includes(term().toLowerCase());

  return {
    term,
    hits,
    /** The line that n and N have come to, by seq. */
    current,
    search(text: string, entries: readonly LogEntry[]): void {
      setTerm(text);
      setCurrent(null);
      setHits(text === '' ? [] : entries.filter(found).map((entry) => entry.seq));
    },
    /** A line has come; lines before `first` are gone. */
    add(entry: LogEntry, first: number): void {
      if (term() === '') return;
      const gone = (hits()[0] ?? first) < first;
      if (gone) setHits((before) => before.filter((seq) => seq >= first));
      if (found(entry)) setHits((before) => [...before, entry.seq]);
    },
    /** The newest hit that is not after a line. */
    toNewest(notAfter: number): number | null {
      return setCurrent(hits().findLast((seq) => seq <= notAfter) ?? hits().at(-1) ?? null);
    },
    /** The next hit, or the one before; round at the ends. */
    step(direction: -1 | 1): number | null {
      const list = hits();
      const from = current();
      const next = direction > 0 ? list.find((seq) => from !== null && seq > from) : list.findLast((seq) => from === null || seq < from);
      return setCurrent(next ?? (direction > 0 ? list[0] : list.at(-1)) ?? null);
    },
    forget(): void {
      setHits([]);
      setCurrent(null);
    },
  };
}
