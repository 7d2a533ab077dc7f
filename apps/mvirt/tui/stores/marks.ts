import type { Vm } from '@mvirt/api/schema';
import { createMemo, createSignal } from 'solid-js';

const none: readonly Vm[] = [];

/** Which VMs are marked, by id. Only marks that are seen count: nothing is done to a VM that a filter hides. */
export function createMarks(shown: () => readonly Vm[]) {
  const [ids, setIds] = createSignal<ReadonlySet<string>>(new Set());
  const seen = createMemo<readonly Vm[]>(() => (ids().size === 0 ? none : shown().filter((vm) => ids().has(vm.id))));
  return {
    seen,
    has: (id: string): boolean => ids().has(id),
    toggle(id: string): void {
      setIds((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      });
    },
    /** Marks all that are shown; where they are all marked already, none. */
    toggleAll(): void {
      const list = shown();
      setIds((before) => (list.every((vm) => before.has(vm.id)) ? new Set<string>() : new Set([...before, ...list.map((vm) => vm.id)])));
    },
    clear(): void {
      setIds((before) => (before.size === 0 ? before : new Set<string>()));
    },
    /** Forgets the marks of VMs that are gone. */
    keep(present: ReadonlySet<string>): void {
      setIds((before) => ([...before].every((id) => present.has(id)) ? before : new Set([...before].filter((id) => present.has(id)))));
    },
  };
}
