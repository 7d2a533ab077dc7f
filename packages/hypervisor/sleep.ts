import type { Clock } from './clock.ts';

/** Resolves after so many milliseconds; an abort rejects with the signal's reason. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const aborted = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    });
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

const longestPauseMs = 20;

/** Asks until the answer is yes: often at first, since each pause is a part of somebody's start, and at least every 20 ms later on. */
export async function untilYes(clock: Clock, ask: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
  for (let pauseMs = 1; !(await ask()); pauseMs = Math.min(pauseMs * 1.1, longestPauseMs)) await sleep(clock, pauseMs, signal);
}
