import type { HostDocument, UsageDocument } from '@mvirt/api/schema';
import { createSignal } from 'solid-js';
import type { Agent, Stop } from './agent.ts';
import type { Timers } from './timers.ts';

const refreshMs = 2000;

/** The host's figures, asked for every 2 s; an answer that is overdue delays only the next question. */
export function createFigureStore(deps: { agent: Pick<Agent, 'host' | 'usage'>; timers: Timers; onUsage: (usage: UsageDocument[]) => void }) {
  const [host, setHost] = createSignal<HostDocument | null>(null);
  return {
    host,
    watch(): Stop {
      const over = new AbortController();
      const { signal } = over;
      let reading: number | null = null;
      let known = new Map<string, UsageDocument>();
      let stopTimer: Stop = () => {};
      const refresh = async (): Promise<void> => {
        try {
          const [figures, usage] = await Promise.all([deps.agent.host({ signal }), deps.agent.usage(reading, { signal })]);
          if (signal.aborted) return;
          setHost(figures);
          reading = usage.reading;
          if (usage.whole) known = new Map();
          for (const figure of usage.figures) known.set(figure.id, figure);
          deps.onUsage([...known.values()]);
        } catch {
          // The header says by itself that the connection is lost; the last figures stay.
        }
        if (!signal.aborted) stopTimer = deps.timers.after(refreshMs, () => void refresh());
      };
      void refresh();
      return () => {
        over.abort();
        stopTimer();
      };
    },
  };
}
