import { isDeepStrictEqual } from 'node:util';
import { applyAtOnce, applyChange, type ChangeSpec, parseChange, planResize, type VmId, type VmSpec, vmNotFound } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { hostLimits } from './host-limits.ts';
import type { VmChange } from './services.ts';
import { refuseNameTaken } from './vm-create.ts';

/** Changes a VM: at once, or at its next start what a run has fixed. resizes: a size was asked for, which a run may take at once. @throws INVALID_ARGUMENT, NAME_TAKEN, VM_NOT_FOUND */
export function setVm({ store, host, events, feed }: EngineContext, id: VmId, input: VmChange): { warnings: string[]; resizes: boolean } {
  const outcome = store.transact(() => {
    const vm = store.vms.get(id);
    if (vm === null) throw vmNotFound(id);
    const { change, warnings } = parseChange(input, vm.pendingSpec ?? vm.spec, hostLimits(host));
    if (change.name !== undefined) refuseNameTaken(store, id, change.name);
    const next = changed(vm, change);
    const resizes = change.vcpus !== undefined || change.memoryMib !== undefined;
    if (sameVm(vm, next)) return { warnings, resizes };
    const written = store.vms.update(id, next);
    const message = waits(vm, next) ? 'changed; some of it at the next start' : 'changed';
    events.record(written, { type: 'changed', message, detail: { fields: Object.keys(change) } });
    return { warnings, resizes };
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

/** Whether this change left something for the next start. What a run takes at once is no part of that: it is told when it has it. */
function waits(before: Changed, { spec, pendingSpec }: Changed): boolean {
  if (pendingSpec === null || sameSpec(pendingSpec, before.pendingSpec)) return false;
  return !sameSpec(pendingSpec, { ...spec, ...planResize(spec, pendingSpec).now });
}

const sameVm = (a: Changed, b: Changed): boolean => a.name === b.name && sameSpec(a.spec, b.spec) && sameSpec(a.pendingSpec, b.pendingSpec);

const sameSpec = (a: VmSpec | null, b: VmSpec | null): boolean => isDeepStrictEqual(a, b);
