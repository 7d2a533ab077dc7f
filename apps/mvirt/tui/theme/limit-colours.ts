import { type OptimizedBuffer, RGBA } from '@opentui/core';
import type { ThemeName } from '../../cli/theme-names.ts';
import { guestColours } from './guest-colours.ts';
import { attribute, createTheme } from './theme.ts';

type Limit = (buffer: Pick<OptimizedBuffer, 'buffers'>) => void;

/** Takes out of a finished frame what the terminal must not get: a guest colours its console as it likes. null: nothing. */
export function colourLimit(name: ThemeName): Limit | null {
  if (name === 'dark' || name === 'light') return null;
  const colours = createColours(name);
  return ({ buffers: { fg, bg, attributes } }) => {
    let last: Uint16Array | null = null;
    let cell: Cell | null = null;
    for (let at = 0; at + 3 < fg.length; at += 4) {
      // Runs of cells look the same, so that each is looked up once a run.
      if (cell === null || last === null || !sameCell(last, fg, bg, at)) {
        cell = colours(colourAt(fg, at), colourAt(bg, at));
        last = Uint16Array.of(...fg.subarray(at, at + 4), ...bg.subarray(at, at + 4));
      }
      fg.set(cell.fg, at);
      bg.set(cell.bg, at);
      const index = at >> 2;
      if (cell.inverse) attributes[index] = (attributes[index] ?? 0) ^ attribute.inverse;
    }
  };
}

/** What becomes of a cell. inverse: turned over by the terminal, which knows its own default colours. */
type Cell = { fg: Uint16Array; bg: Uint16Array; inverse: boolean };

const colourAt = (cells: Uint16Array, at: number): RGBA => RGBA.fromArray(cells.slice(at, at + 4));

function sameCell(last: Uint16Array, fg: Uint16Array, bg: Uint16Array, at: number): boolean {
  for (let part = 0; part < 4; part += 1) if (last[part] !== fg[at + part] || last[part + 4] !== bg[at + part]) return false;
  return true;
}

function createColours(name: ThemeName): (fg: RGBA, bg: RGBA) => Cell {
  const standIns = guestColours(createTheme(name));
  const key = (colour: RGBA): string => colour.toInts().slice(0, 3).join(',');
  const isDefault = (colour: RGBA, standIn: RGBA): boolean => colour.intent !== 'indexed' && key(colour) === key(standIn);
  const isBackground = (colour: RGBA): boolean => colour.intent === 'default' || isDefault(colour, standIns.background);
  const foreground = RGBA.defaultForeground();
  const background = RGBA.defaultBackground();
  if (name === 'plain') {
    // Without colours a coloured background is still to be told from none.
    return (_fg, bg) => ({ fg: foreground.buffer, bg: background.buffer, inverse: !isBackground(bg) });
  }
  const sixteen = Array.from({ length: 16 }, (_, index) => RGBA.fromIndex(index));
  const known = new Map(standIns.sixteen.map((colour, index) => [key(colour), sixteen[index] ?? foreground]));
  const nearest = (colour: RGBA): RGBA => {
    if (colour.intent === 'indexed' && colour.slot < 16) return colour;
    return known.get(key(colour)) ?? nearestOf(sixteen, colour);
  };
  const asForeground = (colour: RGBA): RGBA => (colour.intent === 'default' || isDefault(colour, standIns.foreground) ? foreground : nearest(colour));
  const asBackground = (colour: RGBA): RGBA => (isBackground(colour) ? background : nearest(colour));
  return (fg, bg) => {
    const inverse = fg.intent !== 'default' && (isDefault(fg, standIns.background) || isDefault(bg, standIns.foreground));
    return inverse
      ? { fg: asForeground(bg).buffer, bg: asBackground(fg).buffer, inverse }
      : { fg: asForeground(fg).buffer, bg: asBackground(bg).buffer, inverse };
  };
}

/** By distance in RGB. */
function nearestOf(candidates: RGBA[], colour: RGBA): RGBA {
  const [r, g, b] = colour.toInts();
  let best = colour;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const [cr, cg, cb] = candidate.toInts();
    const distance = (r - cr) ** 2 + (g - cg) ** 2 + (b - cb) ** 2;
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}
