import type { Clock } from '@mvirt/domain';

/** A longer timer fires at once (Node and Bun alike). */
const longestMs = 2 ** 31 - 1;

/** The host's own time. */
export function createSystemClock(): Clock {
  return { nowMs: () => Date.now(), after };
}

function after(delayMs: number, callback: () => void): Disposable {
  let timer: ReturnType<typeof setTimeout>;
  const arm = (leftMs: number): void => {
    const stepMs = Math.min(Math.max(leftMs, 0), longestMs);
    timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs);
  };
  arm(delayMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
