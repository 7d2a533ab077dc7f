import type { Vm } from '@mvirt/api/schema';
import { createMemo, createSignal } from 'solid-js';
import type { Direction, Step } from '../keymap/actions.ts';
import type { Part } from '../keymap/command.ts';
import { type DetailRow, detailRows } from '../layout/detail-rows.ts';

export type DetailStore = ReturnType<typeof createDetailStore>;

/** The details of the selected VM while they are open, with a cursor over their rows. */
export function createDetailStore(vm: () => Vm | null) {
  const [width, setWidth] = createSignal(60);
  const [wanted, setWanted] = createSignal(0);
  const rows = createMemo<readonly DetailRow[]>(() => {
    const shown = vm();
    return shown === null ? [] : detailRows(shown, width());
  });
  const cursor = createMemo(() => Math.max(0, Math.min(wanted(), rows().length - 1)));
  const moveTo = (row: number): void => void setWanted(Math.max(0, Math.min(row, rows().length - 1)));
  let seen = 10;
  return {
    rows,
    cursor,
    setWidth,
    part: createMemo<Part | null>(() => rows()[cursor()]?.part ?? null, null, { equals: samePart }),
    /** The whole value at the cursor, also where it takes several rows. */
    value(): string {
      const list = rows();
      let from = cursor();
      while (from > 0 && list[from]?.label === '') from -= 1;
      const next = list.findIndex((row, at) => at > from && row.label !== '');
      return list
        .slice(from, next < 0 ? undefined : next)
        .map((row) => row.value)
        .join(' ');
    },
    /** The dialog tells how many rows it shows. */
    setSeen: (count: number): void => {
      seen = count;
    },
    moveTo,
    move(by: Step, direction: Direction): void {
      moveTo(cursor() + direction * (by === 'line' ? 1 : by === 'page' ? Math.max(1, seen - 1) : rows().length));
    },
  };
}

const samePart = (a: Part | null, b: Part | null): boolean => JSON.stringify(a) === JSON.stringify(b);
