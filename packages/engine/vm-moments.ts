import { asVmId, type VmId } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EventService, VmMilestone, VmSnapshot } from './services.ts';

/** VMs as they were when something happened to them, for those who watch: events say what, and not what the VM was then. */
export interface VmMoments {
  /** While somebody watches; the oldest are forgotten. */
  keep(seq: number, vm: StoredVm): void;
  at(seq: number): StoredVm | null;
  /** Until disposed, moments are kept. */
  watching(): Disposable;
}

/** So much may be kept: a watcher that falls further behind is told of VMs as they are by then. */
const maxMoments = 256;
/** User data is the one thing of a VM that may be large. */
const maxTextLength = 8 << 20;

export function createVmMoments(): VmMoments {
  const moments = new Map<number, StoredVm>();
  let watchers = 0;
  let textLength = 0;
  const lengthOf = (vm: StoredVm | undefined): number => vm?.spec.userData?.length ?? 0;
  const forget = (seq: number): void => {
    textLength -= lengthOf(moments.get(seq));
    moments.delete(seq);
  };
  return {
    keep(seq, vm) {
      if (watchers === 0) return;
      moments.set(seq, vm);
      textLength += lengthOf(vm);
      for (const oldest of moments.keys()) {
        if (moments.size <= maxMoments && textLength <= maxTextLength) break;
        forget(oldest);
      }
    },
    at: (seq) => moments.get(seq) ?? null,
    watching() {
      watchers += 1;
      return {
        [Symbol.dispose]() {
          watchers -= 1;
          if (watchers > 0) return;
          moments.clear();
          textLength = 0;
        },
      };
    },
  };
}

export type MilestoneDeps = {
  events: Pick<EventService, 'watch' | 'lastSeq'>;
  moments: VmMoments;
  snapshot(vm: StoredVm): VmSnapshot;
  /** The VM as it is now. */
  find(id: VmId): StoredVm | null;
};

const milestoneKinds: readonly string[] = ['created', 'started', 'stopped', 'deleted'] satisfies VmMilestone['kind'][];
const isMilestone = (type: string): type is VmMilestone['kind'] => milestoneKinds.includes(type);

/** The milestones from the moment of the call: each once, in order, at the reader's own pace. */
export function watchMilestones({ events, moments, snapshot, find }: MilestoneDeps, { vmId, signal }: { vmId?: VmId; signal: AbortSignal }) {
  const kept = moments.watching();
  const since = events.lastSeq();
  const over = () => kept[Symbol.dispose]();
  if (signal.aborted) over();
  else signal.addEventListener('abort', over, { once: true });
  return milestones();

  async function* milestones(): AsyncGenerator<VmMilestone> {
    for await (const { seq, atMs, vmId: id, type } of events.watch({ since, signal, ...(vmId === undefined ? {} : { vmId }) })) {
      if (!isMilestone(type)) continue;
      const vm = moments.at(seq) ?? find(asVmId(id));
      yield { kind: type, vmId: asVmId(id), atMs, vm: vm === null ? null : snapshot(vm) };
    }
  }
}
