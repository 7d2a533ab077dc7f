import type { Vm } from '@mvirt/api/schema';

export const sortKeys = ['name', 'state', 'cpu', 'memory', 'created'] as const;
export type SortKey = (typeof sortKeys)[number];
export type Sort = { key: SortKey; reversed: boolean };

type Compare = (a: Vm, b: Vm) => number;

/** Those that do something come first. */
const stateRank: Record<Vm['state'], number> = { running: 0, starting: 1, stopping: 2, paused: 3, stopped: 4 };

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName: Compare = (a, b) => compareText(a.name ?? a.id, b.name ?? b.id) || compareText(a.id, b.id);

/** The order of the list: the largest, busiest and newest come first, and equals by name. cpuPercent null: no figure, last. */
export function vmOrder(sort: Sort, cpuPercent: (id: string) => number | null): Compare {
  const cpu = (vm: Vm): number => (vm.state === 'stopped' ? -1 : (cpuPercent(vm.id) ?? -1));
  const first: Record<SortKey, Compare> = {
    name: byName,
    state: (a, b) => stateRank[a.state] - stateRank[b.state],
    cpu: (a, b) => cpu(b) - cpu(a),
    memory: (a, b) => b.memoryBytes - a.memoryBytes,
    created: (a, b) => compareText(b.createdAt, a.createdAt),
  };
  const compare = first[sort.key];
  const direction = sort.reversed ? -1 : 1;
  return (a, b) => direction * compare(a, b) || byName(a, b);
}

/** Puts one changed VM into an ordered list; the same array is never changed. */
export function replaced(list: readonly Vm[], vm: Vm, compare: Compare): readonly Vm[] {
  const at = list.findIndex((each) => each.id === vm.id);
  const before = list[at];
  if (before !== undefined && compare(before, vm) === 0) return list.with(at, vm);
  const others = before === undefined ? [...list] : list.toSpliced(at, 1);
  others.splice(placeOf(others, vm, compare), 0, vm);
  return others;
}

function placeOf(list: readonly Vm[], vm: Vm, compare: Compare): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const each = list[middle];
    if (each !== undefined && compare(each, vm) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
