import type { Clock } from '../clock.ts';
import { orAborted } from '../or-aborted.ts';
import { sleep } from '../sleep.ts';

/**
 * A guest that is reset in the first moments of its firmware hangs for good: within 5 ms of its vCPUs' start 6 of 10 did (QEMU 7.2, SeaBIOS 1.16.2,
 * by emulation). Its first word comes 100 ms after that, on a host with nothing else to do.
 */
const firmwareMs = 250;

/** When a guest may be reset. */
export type YoungGuest = {
  /** Its firmware begins now. */
  begins(): void;
  /** Resolves once it has had its time; an abort rejects with the signal's reason. */
  grown(signal?: AbortSignal): Promise<void>;
};

/** Also one that is taken over: who knows when it began. */
export function createYoungGuest(clock: Clock): YoungGuest {
  let time = sleep(clock, firmwareMs);
  return {
    begins() {
      time = sleep(clock, firmwareMs);
    },
    grown: (signal) => orAborted(time, signal),
  };
}
