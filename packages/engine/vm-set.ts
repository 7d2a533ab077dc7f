import { isDeepStrictEqual } from 'node:util';
import { applyAtOnce, applyChange, type ChangeSpec, parseChange, type VmId, type VmSpec, vmNotFound } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { hostLimits } from './host-limits.ts';
import type { VmChange } from './services.ts';
import { refuseNameTaken } from './vm-create.ts';

/** Changes a VM: at once, or at its next start what a run has fixed. @throws INVALID_ARGUMENT, NAME_TAKEN, VM_NOT_FOUND */
export function setVm({ store, host, events, feed }: EngineContext, id: VmId, input: VmChange): { vm: StoredVm; warnings: string[] } {
  const outcome = store.transact(() => {
    const vm = store.vms.get(id);
    if (vm === null) throw vmNotFound(id);
    const { change, warnings } = parseChange(input, vm.pendingSpec ?? vm.spec, hostLimits(host));
    if (change.name !== undefined) refuseNameTaken(store, id, change.name);
    const next = changed(vm, change);
    if (sameVm(vm, next)) return { vm, warnings };
    const pending = next.pendingSpec !== null && !sameSpec(next.pendingSpec, vm.pendingSpec);
    const written = store.vms.update(id, next);
    const message = pending ? 'changed; some of it at the next start' : 'changed';
    events.record(written, { type: 'changed', message, detail: { fields: Object.keys(change) } });
    return { vm: written, warnings };
  });
  events.flush();
  feed.tell({ kind: 'changed', id });
  return outcome;
}

type Changed = Pick<StoredVm, 'name' | 'spec' | 'pendingSpec'>;

function changed(vm: StoredVm, change: ChangeSpec): Changed {
  const name = change.name ?? vm.name;
  const whole = applyChange(vm.pendingSpec ?? vm.spec, change);
  if (vm.condition.observed === 'stopped') return { name, spec: whole, pendingSpec: null };
  const spec = applyAtOnce(vm.spec, change);
  return { name, spec, pendingSpec: sameSpec(whole, spec) ? null : whole };
}

const sameVm = (a: Changed, b: Changed): boolean => a.name === b.name && sameSpec(a.spec, b.spec) && sameSpec(a.pendingSpec, b.pendingSpec);

const sameSpec = (a: VmSpec | null, b: VmSpec | null): boolean => isDeepStrictEqual(a, b);
