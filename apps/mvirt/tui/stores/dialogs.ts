import type { Vm } from '@mvirt/api/schema';
import { createMemo, createRoot, createSignal } from 'solid-js';
import type { Mode } from '../keymap/mode.ts';
import type { DetailStore } from './detail-store.ts';
import type { FormStore } from './form-store.ts';
import type { PaletteStore } from './palette-store.ts';
import type { PickerStore } from './picker-store.ts';
import type { Scroll } from './scroll.ts';

export type Dialog =
  | { kind: 'help'; scroll: Scroll; mode: Mode }
  | { kind: 'output'; scroll: Scroll; title: string; lines: readonly string[] }
  | { kind: 'confirm'; action: 'kill' | 'delete'; vms: readonly Vm[] }
  | { kind: 'details'; id: string; store: DetailStore }
  | { kind: 'form'; store: FormStore }
  | { kind: 'picker'; store: PickerStore }
  | { kind: 'palette'; store: PaletteStore };

export type Dialogs = ReturnType<typeof createDialogs>;

/** What stands over the panes, one over the other. Keys go to the one in front. */
export function createDialogs() {
  const [stack, setStack] = createSignal<readonly Dialog[]>([]);
  const disposers = new Map<Dialog, () => void>();

  /** What a dialog computes ends with it. */
  function open(make: () => Dialog): void {
    createRoot((dispose) => {
      const dialog = make();
      disposers.set(dialog, dispose);
      setStack((before) => [...before, dialog]);
    });
  }

  /** Closes one, and what stands over it. */
  function close(dialog: Dialog | null): void {
    const at = dialog === null ? -1 : stack().indexOf(dialog);
    if (at < 0) return;
    const closed = stack().slice(at);
    setStack((before) => before.slice(0, at));
    for (const each of closed) {
      disposers.get(each)?.();
      disposers.delete(each);
    }
  }

  return {
    stack,
    front: createMemo<Dialog | null>(() => stack().at(-1) ?? null),
    open,
    close,
    closeFront: (): void => close(stack().at(-1) ?? null),
    closeAll: (): void => close(stack()[0] ?? null),
  };
}
