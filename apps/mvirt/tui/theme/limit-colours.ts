import { type OptimizedBuffer, RGBA } from '@opentui/core';
import type { ThemeName } from './theme.ts';

type Limit = (buffer: Pick<OptimizedBuffer, 'buffers'>) => void;

/** Takes out of a finished frame what the terminal must not get: a guest colours its console as it likes. null: nothing. */
export function colourLimit(theme: ThemeName): Limit | null {
  if (theme === 'dark') return null;
  const foreground = RGBA.defaultForeground();
  const background = RGBA.defaultBackground();
  if (theme === 'plain') {
    return ({ buffers }) => {
      replaceAll(buffers.fg, () => foreground);
      replaceAll(buffers.bg, () => background);
    };
  }
  const nearest = createNearest();
  return ({ buffers }) => {
    replaceAll(buffers.fg, nearest);
    replaceAll(buffers.bg, nearest);
  };
}

const cellOf = (cells: Uint16Array, at: number): RGBA => RGBA.fromArray(cells.subarray(at, at + 4));

/** Runs of cells have one colour, so it is looked up once a run. */
function replaceAll(cells: Uint16Array, replacement: (colour: RGBA) => RGBA): void {
  let [a, b, c, d] = [-1, -1, -1, -1];
  let by: Uint16Array | null = null;
  for (let at = 0; at + 3 < cells.length; at += 4) {
    const same = cells[at] === a && cells[at + 1] === b && cells[at + 2] === c && cells[at + 3] === d;
    if (!same || by === null) {
      [a, b, c, d] = [cells[at] ?? 0, cells[at + 1] ?? 0, cells[at + 2] ?? 0, cells[at + 3] ?? 0];
      by = replacement(cellOf(cells, at)).buffer;
    }
    cells.set(by, at);
  }
}

/** The nearest of the 16 colours by distance in RGB. */
function createNearest(): (colour: RGBA) => RGBA {
  const sixteen = Array.from({ length: 16 }, (_, index) => RGBA.fromIndex(index));
  return (colour) => {
    if (colour.intent === 'default') return colour;
    if (colour.intent === 'indexed' && colour.slot < 16) return colour;
    const [r, g, b] = colour.toInts();
    let best = colour;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (const candidate of sixteen) {
      const [cr, cg, cb] = candidate.toInts();
      const distance = (r - cr) ** 2 + (g - cg) ** 2 + (b - cb) ** 2;
      if (distance >= bestDistance) continue;
      best = candidate;
      bestDistance = distance;
    }
    return best;
  };
}
