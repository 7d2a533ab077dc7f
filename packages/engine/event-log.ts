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
  bounds?: EventBounds;
};

/** What is kept: so many events, and none older than this but for the `spare` newest. */
export type EventBounds = { keep: number; olderThanMs: number; spare: number };

const hourMs = 60 * 60 * 1000;
const defaultBounds: EventBounds = { keep: 100_000, olderThanMs: 90 * 24 * hourMs, spare: 1000 };
/** A clock that goes by more or less than an hour within an hour was set: no event's age is believed. */
const driftMs = 5 * 60 * 1000;
/** Events between two prunings; the oldest are dropped in such portions. */
const pruneEvery = 1000;
const batch = 256;

export function createEventLog({ store, clock, bounds = defaultBounds }: EventLogDeps): EventLog {
  const { events } = store;
  const wakeup = createWakeup();
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  let sincePrune = 0;
  let timer: Disposable | null = null;

  const prune = (aged: boolean) => {
    sincePrune = 0;
    const { keep, olderThanMs, spare } = bounds;
    try {
      events.prune({ keep, aged: aged ? { atMs: clock.nowMs() - olderThanMs, spare } : null });
    } catch {
      // Nothing depends on it, and a full or broken database tells those who write to it: tried again later.
    }
  };
  const ageLater = () => {
    const fromMs = clock.nowMs();
    timer = clock.after(hourMs, () => {
      if (Math.abs(clock.nowMs() - fromMs - hourMs) <= driftMs) prune(true);
      ageLater();
    });
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

  prune(false);
  ageLater();
  return {
    record(vm, draft) {
      sincePrune += 1;
      return events.append(vm, draft, clock.nowMs());
    },
    flush() {
      wakeup.wake();
      for (const listener of listeners) listener();
      if (sincePrune >= pruneEvery) prune(false);
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
    droppedTo: () => events.droppedTo(),
    close() {
      timer?.[Symbol.dispose]();
      stop.abort();
    },
  };
}

function fromTheFuture(since: number, last: number): MvirtError {
  return new MvirtError({
    code: 'INVALID_ARGUMENT',
    message: `no event has the number ${since} yet: the last one is ${last}`,
    hint: `leave the number out to see what comes from now on, or give ${last} or less`,
  });
}
