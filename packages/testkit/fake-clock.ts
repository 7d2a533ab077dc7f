import type { Clock } from '@mvirt/domain';

/** Time that stands still until the test moves it. */
export type FakeClock = Clock & {
  /** Lets time pass: timers fire in their order, each with what it sets off done before the next. */
  advance(ms: number): Promise<void>;
  /** The wall clock is set, forward or back; timers go on as they would have. */
  jump(ms: number): void;
  /** Timers that are set. */
  pending(): number;
};

type Timer = { atMs: number; order: number; callback: () => void };

export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  const timers = new Set<Timer>();
  let nowMs = startMs;
  let order = 0;
  let setByMs = 0;

  const nextBy = (limitMs: number): Timer | null => {
    const due = [...timers].filter((timer) => timer.atMs <= limitMs);
    return due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0] ?? null;
  };

  return {
    nowMs: () => nowMs + setByMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), order: order++, callback };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const limitMs = nowMs + ms;
      await settle();
      for (let timer = nextBy(limitMs); timer !== null; timer = nextBy(limitMs)) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.callback();
        await settle();
      }
      nowMs = limitMs;
    },
    jump(ms) {
      setByMs += ms;
    },
    pending: () => timers.size,
  };
}

/** Turns of the event loop in which promises and immediates run to their end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
