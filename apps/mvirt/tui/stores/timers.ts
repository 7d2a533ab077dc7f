import type { Stop } from './agent.ts';

/** Time for the stores; a test gives another one. */
export type Timers = { after: (ms: number, run: () => void) => Stop };

export function systemTimers(): Timers {
  return {
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}
