import type { Stop, StreamHandlers } from './agent.ts';
import type { Timers } from './timers.ts';

const retryMs = 1000;

/** A stream opened again a second after each end, until it is stopped. Nothing of an earlier one is heard once it is over. */
export function keepStream<T>(deps: {
  timers: Timers;
  open: (handlers: StreamHandlers<T>) => Stop;
  onData: (value: T) => void;
  /** Called at each end: what was shown may have gaps from here on. */
  onGap?: (error: Error | null) => void;
}): Stop {
  let stopCurrent: Stop = () => {};
  let run = 0;
  const open = (): void => {
    const mine = ++run;
    const current = (): boolean => mine === run;
    const stop = deps.open({
      onData: (value) => {
        if (current()) deps.onData(value);
      },
      onEnd: (error) => {
        if (!current()) return;
        run += 1;
        deps.onGap?.(error);
        stopCurrent = deps.timers.after(retryMs, open);
      },
    });
    if (current()) stopCurrent = stop;
    else stop();
  };
  open();
  return () => {
    run += 1;
    stopCurrent();
  };
}
