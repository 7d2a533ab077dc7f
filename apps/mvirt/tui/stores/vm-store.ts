import type { UsageDocument, Vm } from '@mvirt/api/schema';
import { createMemo, createSignal } from 'solid-js';
import type { VmNotice } from './agent.ts';

export type VmStore = ReturnType<typeof createVmStore>;

/** The VMs as the agent last told them, by name; and which one is selected, by id, so that it survives every change. */
export function createVmStore() {
  const [all, setAll] = createSignal<Vm[]>([]);
  const [loaded, setLoaded] = createSignal(false);
  const [wanted, setWanted] = createSignal<string | null>(null);
  const [filter, setFilter] = createSignal('');
  const [usage, setUsage] = createSignal<ReadonlyMap<string, number | null>>(new Map());

  const shown = createMemo(() => {
    const needle = filter().toLowerCase();
    return needle === '' ? all() : all().filter((vm) => `${vm.name ?? ''} ${vm.id}`.toLowerCase().includes(needle));
  });
  const index = createMemo(() => shown().findIndex((vm) => vm.id === wanted()));
  const selected = createMemo(() => shown()[index()] ?? null);
  const running = createMemo(() => all().filter((vm) => vm.state !== 'stopped').length);

  /** Where the selected VM is gone, its neighbour is selected. */
  function keepSelection(before: number): void {
    if (index() >= 0) return;
    const list = shown();
    setWanted((list[Math.min(Math.max(before, 0), list.length - 1)] ?? null)?.id ?? null);
  }

  return {
    all,
    loaded,
    shown,
    index,
    selected,
    running,
    filter,
    cpuPercent: (id: string): number | null => usage().get(id) ?? null,
    apply(notice: VmNotice): void {
      const before = index();
      setAll((list) => applied(list, notice));
      setLoaded(true);
      keepSelection(before);
    },
    setUsage(figures: UsageDocument[]): void {
      setUsage(new Map(figures.map((each) => [each.id, each.cpuPercent])));
    },
    setFilter(text: string): void {
      setFilter(text);
      keepSelection(0);
    },
    select(id: string): void {
      setWanted(id);
    },
    selectAt(at: number): void {
      const list = shown();
      const vm = list[Math.min(Math.max(at, 0), list.length - 1)];
      if (vm) setWanted(vm.id);
    },
  };
}

const byName = (a: Vm, b: Vm): number => {
  const [left, right] = [a.name ?? a.id, b.name ?? b.id];
  return left < right ? -1 : left > right ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
};

function applied(list: Vm[], notice: VmNotice): Vm[] {
  switch (notice.kind) {
    case 'snapshot':
      return [...notice.vms].sort(byName);
    case 'removed':
      return list.filter((vm) => vm.id !== notice.id);
    case 'changed': {
      const at = list.findIndex((vm) => vm.id === notice.vm.id);
      const before = list[at];
      if (before !== undefined && before.name === notice.vm.name) return list.with(at, notice.vm);
      return [...list.filter((vm) => vm.id !== notice.vm.id), notice.vm].sort(byName);
    }
  }
}
