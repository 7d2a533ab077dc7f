import type { Clock } from '../clock.ts';
import type { EventFile } from './event-file.ts';
import type { EventFact } from './events.ts';
import type { QmpEvent } from './qmp-replies.ts';

/** Events as the command line tells them: the file has them as well, but for those that a full disk swallowed. */
export type LineEvents = Disposable & {
  hear(event: QmpEvent): void;
  /** Nothing more comes by the file: what waits for it is told now. */
  flush(): void;
};

/** QEMU writes both within a millisecond; a busy host, and a watch that is told late, take longer. */
const fileMs = 250;

export type LineEventsDeps = { clock: Clock; events: Pick<EventFile, 'has' | 'hear'>; drain(): void; tell(fact: EventFact): void };

export function createLineEvents({ clock, events, drain, tell }: LineEventsDeps): LineEvents {
  const waiting = new Map<QmpEvent, Disposable>();

  const settle = (event: QmpEvent): void => {
    waiting.get(event)?.[Symbol.dispose]();
    waiting.delete(event);
    events.hear(event, tell);
  };
  const settleAll = (): void => {
    drain();
    // In order: what came after one that the file lacks is told after it.
    for (const event of [...waiting.keys()]) settle(event);
  };
  return {
    hear(event) {
      drain();
      const has = events.has(event);
      if (has === 'told') return;
      if (has === 'no file') return events.hear(event, tell);
      waiting.set(event, clock.after(fileMs, settleAll));
    },
    flush: settleAll,
    [Symbol.dispose]() {
      for (const timer of waiting.values()) timer[Symbol.dispose]();
      waiting.clear();
    },
  };
}
