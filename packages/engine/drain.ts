import { type MvirtError, toMvirtError } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import type { DrainOutcome, WaitOptions } from './services.ts';
import type { Supervisors } from './supervisors.ts';
import { stopVm } from './vm-actions.ts';
import { namingVm } from './vm-label.ts';
import { snapshotOf } from './vm-snapshot.ts';

/** Whether VMs are kept from starting. */
export interface Draining {
  active(): boolean;
  /** Dispose when it is done. */
  begin(): Disposable;
}

export function createDraining(): Draining {
  let under = 0;
  return {
    active: () => under > 0,
    begin() {
      under += 1;
      return {
        [Symbol.dispose]() {
          under -= 1;
        },
      };
    },
  };
}

/** Stops all VMs that are up, each by its own guest's time within the one deadline; restarts that were due wait for the host's boot. */
export async function drainVms(context: EngineContext, supervisors: Supervisors, options: WaitOptions & { graceMs: number | null }): Promise<DrainOutcome[]> {
  using _closed = context.draining.begin();
  const vms = context.store.vms.list();
  const isUp = ({ condition }: StoredVm): boolean => condition.observed !== 'stopped';
  for (const vm of vms.filter((vm) => vm.condition.restart?.dueAtMs != null)) {
    supervisors.of(vm.id).command({ kind: 'stop', graceMs: null, atMs: context.clock.nowMs(), drain: true });
  }
  return await Promise.all(vms.filter(isUp).map((vm) => drainOne(context, supervisors, vm, options)));
}

async function drainOne(
  context: EngineContext,
  supervisors: Supervisors,
  vm: StoredVm,
  options: WaitOptions & { graceMs: number | null },
): Promise<DrainOutcome> {
  let error: MvirtError | null = null;
  try {
    await stopVm(context, supervisors.of(vm.id), vm.id, { ...options, drain: true });
  } catch (thrown) {
    error = toMvirtError(namingVm(thrown, vm));
  }
  return { vm: snapshotOf(context, context.store.vms.get(vm.id) ?? vm), error };
}
