import { type Clock, type EventDraft, type LifecycleEvent, MvirtError, type VmId } from '@mvirt/domain';
import type { Store } from '@mvirt/store';
import { createWakeup } from './console-hub/wakeup.ts';
import type { EventService } from './services.ts';

/** Lifecycle events: written inside the transaction of what they tell of, read from the store by every watcher at its own pace. */
export interface EventLog extends Omit<EventService, 'milestones'> {
  /** Inside the caller's transaction. Watchers are told by flush(), once it is committed. */
  record(vm: { id: string; name: string | null }, draft: EventDraft): LifecycleEvent;
  flush(): void;
  /** Calls back at each flush, for who reads the store by itself. */
  onFlush(listener: () => void): Disposable;
  /** Ends all watches. */
  close(): void;
}

export type EventLogDeps = {
  store: Pick<Store, 'events'>;
  clock: Clock;
  /** What is kept: so many events, none older than this. */
  bounds?: { keep: number; olderThanMs: number };
};

const dayMs = 24 * 60 * 60 * 1000;
const defaultBounds = { keep: 100_000, olderThanMs: 90 * dayMs };
/** Events between two prunings; the oldest are dropped in such portions. */
const pruneEvery = 1000;
const batch = 256;

export function createEventLog({ store, clock, bounds = defaultBounds }: EventLogDeps): EventLog {
  const { events } = store;
  const wakeup = createWakeup();
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  let sincePrune = 0;
  let prunedAtMs = Number.NEGATIVE_INFINITY;

  const prune = () => {
    if (sincePrune < pruneEvery && clock.nowMs() - prunedAtMs < dayMs) return;
    sincePrune = 0;
    prunedAtMs = clock.nowMs();
    try {
      events.prune(bounds);
    } catch {
      // Nothing depends on it, and a full or broken database tells those who write to it: tried again later.
    }
  };
  const follow = async function* (since: number, vmId: VmId | undefined, signal: AbortSignal): AsyncGenerator<LifecycleEvent> {
    let position = since;
    while (!signal.aborted) {
      const version = wakeup.version();
      const last = events.lastSeq();
      const found = events.since(position, vmId === undefined ? { limit: batch } : { limit: batch, vmId });
      for (const event of found) {
        if (signal.aborted) return;
        position = event.seq;
        yield event;
      }
      if (found.length === batch) continue;
      // Other VMs' events need not be looked through again.
      position = Math.max(position, last);
      await wakeup.wait(version, { signal });
    }
  };

  prune();
  return {
    record(vm, draft) {
      sincePrune += 1;
      return events.append(vm, draft, clock.nowMs());
    },
    flush() {
      wakeup.wake();
      for (const listener of listeners) listener();
      prune();
    },
    watch({ since, vmId, signal }) {
      const last = events.lastSeq();
      if (since !== null && since > last) throw fromTheFuture(since, last);
      return follow(since ?? last, vmId, AbortSignal.any([signal, stop.signal]));
    },
    read({ since, vmId, limit }) {
      const options = vmId === undefined ? { limit } : { limit, vmId };
      return since === null ? events.last(options) : events.since(since, options);
    },
    onFlush(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    lastSeq: () => events.lastSeq(),
    close: () => stop.abort(),
  };
}

function fromTheFuture(since: number, last: number): MvirtError {
  return new MvirtError({
    code: 'INVALID_ARGUMENT',
    message: `no event has the number ${since} yet: the last one is ${last}`,
    hint: `leave the number out to see what comes from now on, or give ${last} or less`,
  });
}
