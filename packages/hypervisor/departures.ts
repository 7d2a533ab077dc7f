import type { Clock } from './clock.ts';
import type { CallOptions, Removal } from './driver.ts';

/** Who waits for a guest to let go of a device. */
export type Departures = {
  /** From before the request on, so that no answer is missed; cancel() always. */
  expect(device: string, options: CallOptions): Departure;
  /** The device has left: wakes all who wait for it. */
  left(device: string): void;
};

export type Departure = {
  /** 'pending' when the guest took longer than it may. */
  wait(): Promise<Removal>;
  cancel(): void;
};

/** A live Linux takes 0.1 s. */
const defaultRemovalMs = 2000;

export function createDepartures({ clock, removalMs = defaultRemovalMs }: { clock: Clock; removalMs?: number }): Departures {
  const leaving = new Map<string, Set<() => void>>();
  return {
    expect(device, { signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<Removal>();
      const waiters = leaving.get(device) ?? new Set();
      const removed = () => resolve('removed');
      const aborted = () => reject(signal?.reason);
      let timer: Disposable | null = null;
      leaving.set(device, waiters.add(removed));
      signal?.addEventListener('abort', aborted, { once: true });
      return {
        wait() {
          timer = clock.after(removalMs, () => resolve('pending'));
          return promise;
        },
        cancel() {
          timer?.[Symbol.dispose]();
          signal?.removeEventListener('abort', aborted);
          waiters.delete(removed);
          if (waiters.size === 0) leaving.delete(device);
          // Nobody waits any more; an abort that came before wait() has been thrown by the call itself.
          promise.catch(() => {});
        },
      };
    },
    left(device) {
      for (const wake of [...(leaving.get(device) ?? [])]) wake();
    },
  };
}
