import { truncateSync, writeFileSync } from 'node:fs';
import type { Vm } from '@mvirt/api/schema';
import type { TempDir } from '../temp-dir.ts';
import type { ConsoleWatcher, checkLog } from './console-check.ts';
import type { Things } from './moves.ts';
import { keyOf, type VmModel } from './vm-model.ts';

/** One VM's name, what it may be by all that was told so far, and what is looked at from the outside. */
export type Slot = {
  name: string;
  things: Things;
  ends: VmModel[];
  /** The id and pid that were seen last; pid null: it was off, or may have been stopped since. */
  id: string | null;
  pid: number | null;
  log: ReturnType<typeof checkLog> | null;
  watcher: ConsoleWatcher | null;
};

export function makeSlot(dir: TempDir, index: number): Slot {
  const disks = ['a', 'b'].map((letter) => dir.join(`${index}${letter}.raw`));
  for (const disk of disks) {
    writeFileSync(disk, '');
    truncateSync(disk, 1024 * 1024);
  }
  const macs = [1, 2, 3].map((nic) => `52:54:00:c0:0${index}:0${nic}`);
  return { name: `vm-${index}`, things: { disks, macs }, ends: [null], id: null, pid: null, log: null, watcher: null };
}

/** What is listed is the truth, where it is one of the states that may be. */
export function narrow(slot: Slot, listed: Vm[]): void {
  const seen = modelOf(listed.find(({ name }) => name === slot.name));
  if (seen !== undefined && slot.ends.some((vm) => keyOf(vm) === keyOf(seen))) slot.ends = [seen];
}

/** undefined: on its way to another state. */
export function modelOf(vm: Vm | undefined): VmModel | undefined {
  if (vm === undefined) return null;
  const { state, responsive, pending, labels } = vm;
  if (state === 'starting' || state === 'stopping' || !responsive) return undefined;
  const memoryBytes = Number(pending?.memoryBytes ?? vm.memoryBytes);
  return { state, memoryMib: memoryBytes / 1024 ** 2, note: labels.note ?? '', disks: vm.disks.map(({ path }) => path), macs: vm.nics.map(({ mac }) => mac) };
}

/** The VM that was seen last is gone, or another one has its name. */
export function forget(slot: Slot, id: string | null): void {
  slot.watcher?.leave();
  slot.id = id;
  slot.watcher = null;
  slot.log = null;
}
