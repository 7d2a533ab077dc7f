import type { Stop } from './agent.ts';
import type { Timers } from './timers.ts';

/** An agent that leaves a short question unanswered for so long is called silent. */
const patienceMs = 3000;
const tickMs = 1000;

export type Liveness = {
  /** A question that is answered at once by an agent that lives; what is returned is called when it is over. */
  asked: () => () => void;
  /** The agent said something. */
  heard: () => void;
  /** Something happened to the connection: patience begins anew, the silence goes on. */
  moved: () => void;
  stop: Stop;
};

/** Tells for how many seconds an agent that is asked something has said nothing; null: it answers. */
export function createLiveness(deps: { timers: Timers; nowMs: () => number; onSilence: (seconds: number | null) => void }): Liveness {
  const { timers, nowMs, onSilence } = deps;
  let open = 0;
  let heardAtMs = nowMs();
  let patientSinceMs = nowMs();
  let silent = false;
  let stopTimer: Stop | null = null;

  function heard(): void {
    heardAtMs = nowMs();
    patientSinceMs = heardAtMs;
    if (silent) onSilence(null);
    silent = false;
  }
  function tick(): void {
    stopTimer = null;
    if (open === 0) return;
    if (nowMs() - patientSinceMs >= patienceMs) {
      silent = true;
      onSilence(Math.floor((nowMs() - heardAtMs) / 1000));
    }
    tickLater();
  }
  function tickLater(): void {
    stopTimer ??= timers.after(tickMs, tick);
  }

  return {
    asked() {
      open += 1;
      if (open === 1 && !silent) patientSinceMs = nowMs();
      tickLater();
      let over = false;
      return () => {
        if (!over) open -= 1;
        over = true;
        if (open > 0) return;
        stopTimer?.();
        stopTimer = null;
      };
    },
    heard,
    moved() {
      patientSinceMs = nowMs();
    },
    stop: () => stopTimer?.(),
  };
}
