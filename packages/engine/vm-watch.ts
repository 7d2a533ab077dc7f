import type { VmId } from '@mvirt/domain';
import type { VmChangeNotice, VmSnapshot } from './services.ts';
import type { VmFeed } from './vm-feed.ts';

export type VmWatchDeps = { feed: VmFeed; list(): VmSnapshot[]; find(id: VmId): VmSnapshot | null };

/** First all VMs, then each change. A slow reader gets each VM's latest only: what waits is bounded by the number of VMs. */
export async function* watchVms({ feed, list, find }: VmWatchDeps, signal: AbortSignal): AsyncGenerator<VmChangeNotice> {
  const dirty = new Set<VmId>();
  let wake = Promise.withResolvers<void>();
  const leave = () => wake.resolve();
  using _listening = feed.listen(null, ({ id }) => {
    dirty.add(id);
    wake.resolve();
  });
  signal.addEventListener('abort', leave, { once: true });
  try {
    if (signal.aborted) return;
    const vms = list();
    const told = new Map(vms.map((vm) => [vm.id, versionOf(vm)]));
    yield { kind: 'snapshot', vms };
    for (;;) {
      await wake.promise;
      wake = Promise.withResolvers<void>();
      if (signal.aborted) return;
      for (const id of [...dirty]) {
        if (signal.aborted) return;
        dirty.delete(id);
        const vm = find(id);
        if (vm === null && told.delete(id)) yield { kind: 'removed', id };
        if (vm === null || told.get(id) === versionOf(vm)) continue;
        told.set(id, versionOf(vm));
        yield { kind: 'changed', vm };
      }
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** A VM made anew under an old id begins its revisions anew. */
const versionOf = (vm: VmSnapshot): string => `${vm.createdAtMs}/${vm.revision}`;
