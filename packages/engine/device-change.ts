import { type ErrorCode, type EventDraft, MvirtError, toMvirtError, type VmId, type VmSpec, vmLabel, vmNotFound } from '@mvirt/domain';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';

/** @throws VM_NOT_FOUND */
export function storedVm({ store }: Pick<EngineContext, 'store'>, id: VmId): StoredVm {
  const vm = store.vms.get(id);
  if (vm === null) throw vmNotFound(id);
  return vm;
}

/** Whether devices come and go at once (up) or with the next start (off). @throws WRONG_STATE while the VM is in between */
export function plugPhase(vm: StoredVm): 'off' | 'up' {
  const { observed } = vm.condition;
  if (observed === 'stopped') return 'off';
  if (observed === 'running' || observed === 'paused') return 'up';
  throw new MvirtError({
    code: 'WRONG_STATE',
    message: `VM ${vmLabel(vm)} is ${observed}: devices come and go while it runs, is paused or stopped`,
    hint: `wait for it: mvirt wait ${vmLabel(vm)} ${observed === 'starting' ? 'running' : 'stopped'}`,
  });
}

export type DeviceChange = {
  /** Of the spec, and of the one that waits for the next start. */
  spec?: (spec: VmSpec) => VmSpec;
  /** Of the run, where one is live. */
  run?: (run: StoredRun) => StoredRun;
  event: EventDraft | null;
};

/** Stores what became of a VM's devices, with its event. */
export function storeDevices(context: EngineContext, id: VmId, change: DeviceChange): StoredVm {
  const { store, events, feed } = context;
  const written = store.transact(() => {
    const vm = storedVm(context, id);
    const next = store.vms.update(id, {
      ...(change.spec ? { spec: change.spec(vm.spec), pendingSpec: vm.pendingSpec === null ? null : change.spec(vm.pendingSpec) } : {}),
      ...(change.run && vm.run?.live ? { run: change.run(vm.run) } : {}),
    });
    if (change.event !== null) events.record(vm, change.event);
    return next;
  });
  events.flush();
  feed.tell({ kind: 'changed', id });
  return written;
}

/** An attach whose caller has left before its answer is taken back: nobody knows that it was done. */
export async function undoForNobody({ log }: EngineContext, id: VmId, caller: AbortSignal | undefined, undo: () => Promise<unknown>): Promise<void> {
  if (!caller?.aborted) return;
  try {
    await undo();
  } catch (thrown) {
    log.warn('an attach that its caller has given up could not be taken back', { vm: id, error: toMvirtError(thrown).message });
  }
}

/** Takes a half-made attach back. What cannot be done or stored now is left to the guest's reset, or to the next agent. */
export async function takeBack({ log }: EngineContext, id: VmId, device: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    log.warn('a device that was not wanted after all could not be taken back yet', { vm: id, device, error: toMvirtError(thrown).message });
  }
}

/** For a detach of what the guest may never have had: true where it does not. */
export const orNotThere =
  (code: ErrorCode) =>
  (thrown: unknown): true => {
    if (toMvirtError(thrown).code === code) return true;
    throw thrown;
  };

export type PlugResult = { changed: boolean; note: string | null };

export const pendingNote = (device: string): string => `removal pending: the guest has not let go of ${device}; its reset completes it`;
