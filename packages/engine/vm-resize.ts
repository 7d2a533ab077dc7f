import { isDeepStrictEqual } from 'node:util';
import { planResize, type ResizePlan, toMvirtError, type VmId, type VmSize } from '@mvirt/domain';
import type { EngineContext } from './context.ts';
import { storedVm } from './device-change.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Gives a VM that is up, of the size that waits for its next start, what it can take at once. Never fails: what it could
 * not take goes on waiting. Answers with why, for the user; null: nothing waits.
 */
export async function resizeNow(context: EngineContext, supervisor: Supervisor, id: VmId): Promise<string | null> {
  const { now, later } = planOf(context, id);
  if (isEmpty(now)) return noteOf(later);
  const reason = context.drivers.capabilities(storedVm(context, id).run?.hypervisor ?? null).resize;
  if (reason !== null) return reason;
  try {
    await supervisor.plug(async (vmm, signal) => {
      // Read again in its turn: another change may have come before.
      const next = planOf(context, id).now;
      const resized = isEmpty(next) ? 'done' : await vmm.resize(next, { signal });
      if (resized === 'pending') later.push({ field: 'vcpus', reason: 'the guest has not let go of them yet' });
    });
  } catch (thrown) {
    return [noteOf(later), toMvirtError(thrown).message].filter((part) => part !== null).join('; ');
  }
  return noteOf(later);
}

function planOf(context: EngineContext, id: VmId): ResizePlan {
  const { spec, pendingSpec, condition } = storedVm(context, id);
  const isUp = condition.observed === 'running' || condition.observed === 'paused';
  return isUp && pendingSpec !== null ? planResize(spec, pendingSpec) : { now: {}, later: [] };
}

const isEmpty = (size: Partial<VmSize>): boolean => Object.keys(size).length === 0;

const names: Record<keyof VmSize, string> = { vcpus: 'vcpus', memoryMib: 'memory' };

const noteOf = (later: ResizePlan['later']): string | null =>
  later.length === 0 ? null : later.map(({ field, reason }) => `${names[field]}: ${reason}`).join('; ');

/** What a running guest has, as its hypervisor says; what waited for just that waits no more. Idempotent. */
export function sizeChanged(context: EngineContext, id: VmId, size: VmSize): void {
  const { store, events, feed } = context;
  const changed = store.transact(() => {
    const { spec: before, pendingSpec, run } = storedVm(context, id);
    const spec = { ...before, ...size };
    if (!run?.live || (isDeepStrictEqual(spec, before) && isDeepStrictEqual(run.size, size))) return false;
    const written = store.vms.update(id, { spec, pendingSpec: isDeepStrictEqual(pendingSpec, spec) ? null : pendingSpec, run: { ...run, size } });
    const message = `has ${size.vcpus} ${size.vcpus === 1 ? 'vCPU' : 'vCPUs'} and ${size.memoryMib} MiB now`;
    events.record(written, { type: 'changed', message, detail: { fields: ['vcpus', 'memoryMib'] } });
    return true;
  });
  if (!changed) return;
  events.flush();
  feed.tell({ kind: 'changed', id });
}
