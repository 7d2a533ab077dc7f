import { createSignal } from 'solid-js';
import type { Direction, Step } from '../keymap/actions.ts';

export type Scroll = ReturnType<typeof createScroll>;

/** Which row of a text is at the top. The pane tells how many rows there are and are seen. */
export function createScroll() {
  const [wanted, setWanted] = createSignal(0);
  let [total, seen] = [0, 1];
  const last = (): number => Math.max(0, total - seen);
  return {
    setRows(all: number, shown: number): void {
      [total, seen] = [all, shown];
    },
    top: (all: number, shown: number): number => Math.max(0, Math.min(wanted(), all - shown)),
    move(by: Step, direction: Direction, rows = 1): void {
      const step = by === 'line' ? rows : by === 'page' ? Math.max(1, seen - 1) : total;
      setWanted((at) => Math.max(0, Math.min(last(), Math.min(at, last()) + direction * step)));
    },
  };
}
