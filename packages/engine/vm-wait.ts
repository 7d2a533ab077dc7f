import { MvirtError, type VmId, vmLabel, vmNotFound } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { within } from './deadline.ts';

export type UntilOptions = {
  signal?: AbortSignal | undefined;
  timeoutMs: number | null;
  what: string;
  hint?: string;
  /** What makes it vain to wait on; null: nothing. */
  failure?: () => MvirtError | null;
};

/** Waits for a condition of one VM. @throws TIMEOUT, what failure() answers, CANCELLED, VM_NOT_FOUND where it is deleted meanwhile */
export async function untilVm({ store, feed, clock }: EngineContext, id: VmId, met: (vm: StoredVm) => boolean, options: UntilOptions): Promise<StoredVm> {
  const { promise, resolve, reject } = Promise.withResolvers<StoredVm>();
  const { signal, timeoutMs, what, hint, failure = () => null } = options;
  const look = (): void => {
    const vm = store.vms.get(id);
    if (vm === null) reject(vmNotFound(id));
    else if (met(vm)) resolve(vm);
    else {
      const failed = failure();
      if (failed !== null) reject(failed);
    }
  };
  using _listening = feed.listen(id, look);
  look();
  const late = () => {
    const vm = store.vms.get(id);
    const state = vm === null ? 'gone' : vm.condition.observed;
    const message = `VM ${vm === null ? id : vmLabel(vm)} is not ${what} after ${(timeoutMs ?? 0) / 1000} s: it is ${state}`;
    return new MvirtError({ code: 'TIMEOUT', message, ...(hint === undefined ? {} : { hint }) });
  };
  return await within(promise, { clock, signal, timeoutMs, late });
}
