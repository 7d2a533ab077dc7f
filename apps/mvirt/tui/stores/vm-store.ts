import type { UsageDocument, Vm } from '@mvirt/api/schema';
import { batch, createMemo, createSignal } from 'solid-js';
import type { Direction, Step } from '../keymap/actions.ts';
import { replaced, type Sort, sortKeys, vmOrder } from '../layout/vm-order.ts';
import { listNeeds } from '../layout/vm-row.ts';
import type { VmNotice } from './agent.ts';
import { createMarks } from './marks.ts';

export type VmStore = ReturnType<typeof createVmStore>;

/** CPU figures kept a VM: as many as the widest graph shows. */
const keptFigures = 16;
const noHistory: readonly number[] = [];

/** The VMs as the agent last told them, in order; and which one is selected, by id, so that it survives every change. */
export function createVmStore() {
  const [all, setAll] = createSignal<readonly Vm[]>([]);
  const [loaded, setLoaded] = createSignal(false);
  const [wanted, setWanted] = createSignal<string | null>(null);
  const [filter, setFilter] = createSignal('');
  const [sort, setSort] = createSignal<Sort>({ key: 'name', reversed: false });
  const [history, setHistory] = createSignal<History>(new Map());

  const order = () => vmOrder(sort(), (id) => history().get(id)?.at(-1) ?? null);
  const shown = createMemo(() => {
    const needle = filter().toLowerCase();
    return needle === '' ? all() : all().filter((vm) => haystack(vm).includes(needle));
  });
  const index = createMemo(() => shown().findIndex((vm) => vm.id === wanted()));
  const selected = createMemo(() => shown()[index()] ?? null);
  const running = createMemo(() => all().reduce((count, vm) => count + (vm.state === 'stopped' ? 0 : 1), 0));
  const marks = createMarks(shown);
  let rows = 10;

  /** Where the selected VM is gone, its neighbour is selected. */
  function keepSelection(before: number): void {
    if (index() >= 0) return;
    const list = shown();
    setWanted((list[Math.min(Math.max(before, 0), list.length - 1)] ?? null)?.id ?? null);
  }

  function selectAt(at: number): void {
    const list = shown();
    const vm = list[Math.min(Math.max(at, 0), list.length - 1)];
    if (vm) setWanted(vm.id);
  }

  function sortBy(next: Sort): void {
    batch(() => {
      setSort(next);
      setAll((list) => [...list].sort(order()));
    });
  }

  return {
    all,
    loaded,
    shown,
    index,
    selected,
    running,
    filter,
    sort,
    sortBy,
    marks,
    /** What the list's columns have to have room for. */
    needs: createMemo(() => listNeeds(all()), undefined, { equals: (a, b) => a?.longestName === b.longestName && a.addresses === b.addresses }),
    /** CPU percents of one CPU, the newest last. */
    history: (id: string): readonly number[] => history().get(id) ?? noHistory,
    apply(notice: VmNotice): void {
      const before = index();
      batch(() => {
        setAll((list) => applied(list, notice, order()));
        setLoaded(true);
        if (notice.kind !== 'changed') marks.keep(new Set(all().map((vm) => vm.id)));
      });
      keepSelection(before);
    },
    setUsage(figures: readonly UsageDocument[]): void {
      batch(() => {
        setHistory((before) => grownAll(before, figures));
        if (sort().key === 'cpu') setAll((list) => [...list].sort(order()));
      });
    },
    setFilter(text: string): void {
      setFilter(text);
      keepSelection(0);
    },
    sortNext(): void {
      const next = sortKeys[(sortKeys.indexOf(sort().key) + 1) % sortKeys.length] ?? 'name';
      sortBy({ key: next, reversed: false });
    },
    /** The pane tells how many rows it shows. */
    setRows: (count: number): void => {
      rows = count;
    },
    move(by: Step, direction: Direction, lines = 1): void {
      const step = by === 'line' ? lines : by === 'page' ? Math.max(1, rows - 1) : shown().length;
      selectAt(index() + direction * step);
    },
    /** Marks the selected VM, or no longer, and goes on to the next. */
    toggleMark(): void {
      const vm = selected();
      if (vm === null) return;
      marks.toggle(vm.id);
      selectAt(index() + 1);
    },
    select(id: string): void {
      setWanted(id);
    },
    selectAt,
  };
}

type History = ReadonlyMap<string, readonly number[]>;

/** The same map where no figure says anything new: then nothing is drawn anew. */
function grownAll(before: History, figures: readonly UsageDocument[]): History {
  const after = new Map(figures.map(({ id, cpuPercent }) => [id, grown(before.get(id), cpuPercent)]));
  const same = after.size === before.size && [...after].every(([id, kept]) => before.get(id) === kept);
  return same ? before : after;
}

/** In whole percents, as they are shown. */
function grown(before: readonly number[] = noHistory, percent: number | null): readonly number[] {
  if (percent === null) return before;
  const whole = Math.round(percent);
  if (before.length === keptFigures && before.every((each) => each === whole)) return before;
  return [...before.slice(1 - keptFigures), whole];
}

const haystacks = new WeakMap<Vm, string>();

/** What the filter looks through; made once for each VM as it is. */
function haystack(vm: Vm): string {
  const known = haystacks.get(vm);
  if (known !== undefined) return known;
  const labels = Object.entries(vm.labels).map(([key, value]) => `${key}=${value}`);
  const text = [vm.name ?? '', vm.id, ...vm.nics.flatMap((nic) => nic.addresses), ...labels].join(' ').toLowerCase();
  haystacks.set(vm, text);
  return text;
}

function applied(list: readonly Vm[], notice: VmNotice, compare: (a: Vm, b: Vm) => number): readonly Vm[] {
  switch (notice.kind) {
    case 'snapshot':
      return [...notice.vms].sort(compare);
    case 'removed':
      return list.filter((vm) => vm.id !== notice.id);
    case 'changed':
      return replaced(list, notice.vm, compare);
  }
}
