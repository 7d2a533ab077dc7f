import { createSignal } from 'solid-js';
import type { Stop } from './agent.ts';
import type { Timers } from './timers.ts';

const secondMs = 1000;

/** Whole seconds since start; 0 while nothing is under way. */
export function createSeconds(timers: Timers) {
  const [seconds, setSeconds] = createSignal(0);
  let stopTimer: Stop = () => {};
  const count = (): void => {
    stopTimer = timers.after(secondMs, () => {
      setSeconds((before) => before + 1);
      count();
    });
  };
  const stop = (): void => {
    stopTimer();
    setSeconds(0);
  };
  return {
    seconds,
    start(): void {
      stop();
      count();
    },
    stop,
  };
}
