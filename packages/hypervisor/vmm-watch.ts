import { existsSync } from 'node:fs';
import type { ProcessIdentity } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Clock } from './clock.ts';
import type { Watchdog } from './watchdog.ts';

export type VmmWatchDeps = {
  host: Host;
  clock: Clock;
  watchdog: Watchdog;
  process: ProcessIdentity;
  /** The file that its events go to; absolute. */
  eventsPath: string;
  /** Reads what the file has of it, now; true: something was new. */
  drain(): boolean;
  lookAfter(): void;
  /** Its process has ended; called once. */
  onEnd(): void;
};

export type VmmWatch = Disposable & {
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>;
  hasGone(): boolean;
};

/** A watch on a file may miss the last of a burst: it is read again until nothing is new, and by each tick. */
const settleMs = 25;

/** Sees a VMM's events, its end and, every few seconds, to it. */
export function watchVmm({ host, clock, watchdog, process, eventsPath, drain, lookAfter, onEnd }: VmmWatchDeps): VmmWatch {
  const ended = Promise.withResolvers<void>();
  let again: Disposable | null = null;

  const wake = (): void => {
    drain();
    if (again !== null) return;
    const look = (): void => {
      again = drain() ? clock.after(settleMs, look) : null;
    };
    again = clock.after(settleMs, look);
  };

  const duty = watchdog.join(lookAfter);
  // Without its events file (taken away by hand) a VMM is still run; only its events are not had.
  const file = existsSync(eventsPath) ? host.files.watch(eventsPath, wake) : null;
  const end = host.processes.onEnd(process, () => {
    duty[Symbol.dispose]();
    ended.resolve();
    onEnd();
  });

  return {
    gone: ended.promise,
    hasGone: () => !host.processes.isAlive(process),
    [Symbol.dispose]() {
      duty[Symbol.dispose]();
      again?.[Symbol.dispose]();
      file?.[Symbol.dispose]();
      end[Symbol.dispose]();
    },
  };
}
