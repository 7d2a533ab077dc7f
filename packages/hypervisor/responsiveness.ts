import type { Facts } from './facts.ts';

/** Whether a VMM answers. Silence is never read as its end. */
export type Responsiveness = {
  answered(): void;
  silent(): void;
  /** True when anything was heard since the last time this was asked. */
  heard(): boolean;
};

export function createResponsiveness(facts: Pick<Facts, 'tell'>): Responsiveness {
  let responsive = true;
  let heard = true;
  return {
    answered() {
      heard = true;
      if (responsive) return;
      responsive = true;
      facts.tell({ kind: 'responsive' });
    },
    silent() {
      if (!responsive) return;
      responsive = false;
      facts.tell({ kind: 'unresponsive' });
    },
    heard() {
      const was = heard;
      heard = false;
      return was;
    },
  };
}
