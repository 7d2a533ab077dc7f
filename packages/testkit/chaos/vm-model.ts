/** What a VM is, as far as a random run changes it. null: there is none of that name. */
export type VmModel = { state: 'stopped' | 'running' | 'paused'; memoryMib: number; note: string; disks: string[]; macs: string[] } | null;

/** What an operation makes of a VM; undefined: it is refused there. */
export type Effect = (vm: VmModel) => VmModel | undefined;

/** done: acknowledged. refused: with an error of the agent's own. lost: the agent died before it answered. */
export type Outcome = 'done' | 'refused' | 'lost';

export type Told = { effect: Effect; outcome: Outcome };

/**
 * All that a VM may be after operations that ran side by side: those that were acknowledged have happened, those that were
 * refused have not, those that nobody knows of have or have not, in any order.
 */
export function possibleEnds(before: VmModel[], told: Told[]): VmModel[] {
  const ends = before.flatMap((vm) => orders(told.filter(({ outcome }) => outcome !== 'refused')).flatMap((order) => follow(vm, order)));
  return [...new Map(ends.map((vm) => [keyOf(vm), vm])).values()];
}

function follow(vm: VmModel, [first, ...rest]: Told[]): VmModel[] {
  if (first === undefined) return [vm];
  const after = first.effect(vm);
  const happened = after === undefined ? [] : follow(after, rest);
  return first.outcome === 'done' ? happened : [...happened, ...follow(vm, rest)];
}

function orders<T>(things: T[]): T[][] {
  if (things.length < 2) return [things];
  return things.flatMap((thing, index) => orders(things.toSpliced(index, 1)).map((rest) => [thing, ...rest]));
}

/** The same text for the same VM, whatever the order of its devices. */
export const keyOf = (vm: VmModel): string =>
  vm === null ? 'none' : `${vm.state}, ${vm.memoryMib} MiB, note ${vm.note}, disks ${vm.disks.toSorted().join(' ')}, NICs ${vm.macs.toSorted().join(' ')}`;
