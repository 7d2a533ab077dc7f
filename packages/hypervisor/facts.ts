import type { VmmFact } from './driver.ts';

/** Keeps facts until somebody listens, then tells them in order. */
export type Facts = {
  tell(fact: VmmFact): void;
  listen(listener: (fact: VmmFact) => void): void;
  close(): void;
};

/** A guest may reset for ever while nobody listens; more than this says nothing new. */
const mostKept = 1000;

export function createFacts(): Facts {
  const kept: VmmFact[] = [];
  let listener: ((fact: VmmFact) => void) | null = null;
  let closed = false;
  return {
    tell(fact) {
      if (closed) return;
      if (listener) return listener(fact);
      if (kept.length < mostKept || fact.kind !== 'guest-reset') kept.push(fact);
    },
    listen(next) {
      listener = next;
      for (const fact of kept.splice(0)) if (!closed) next(fact);
    },
    close() {
      closed = true;
      kept.length = 0;
    },
  };
}
