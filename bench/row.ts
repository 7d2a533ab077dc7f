export type Unit = 'ms' | 'MiB/s' | 'MiB' | '%' | 'a second';

/** What is promised of a figure: a bound of its own, a share of the peer's, or so much more than the peer's. */
export type Bound = { kind: 'at most' | 'at least'; value: number } | { kind: 'ratio'; atMost: number } | { kind: 'overhead'; atMost: number };

/** One line of the report. Figures are medians unless `what` says otherwise. */
export type Row = {
  what: string;
  unit: Unit;
  ours: number;
  /** Measured in the same run. null: there is none to be had, or not here. */
  peer: { name: string; value: number } | null;
  bound: Bound;
  /** What is in it that no agent and no client of ours could be without. */
  floor?: { of: string; value: number };
};

/** null: it cannot be told without the peer. */
export function holds({ ours, peer, bound }: Row): boolean | null {
  switch (bound.kind) {
    case 'at most':
      return ours <= bound.value;
    case 'at least':
      return ours >= bound.value;
    case 'ratio':
      return peer === null ? null : ours / peer.value <= bound.atMost;
    case 'overhead':
      return peer === null ? null : ours - peer.value <= bound.atMost;
  }
}

export function promised({ bound, unit }: Row): string {
  switch (bound.kind) {
    case 'at most':
      return `≤ ${bound.value} ${unit}`;
    case 'at least':
      return `≥ ${bound.value} ${unit}`;
    case 'ratio':
      return `≤ ${bound.atMost} × the peer`;
    case 'overhead':
      return `≤ the peer + ${bound.atMost} ${unit}`;
  }
}
