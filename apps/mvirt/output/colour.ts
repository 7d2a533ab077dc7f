import type { ObservedState } from '@mvirt/domain';

const codes = { red: 31, green: 32, yellow: 33, blue: 34, dim: 2, bold: 1 } as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

/** Colours for a terminal; plain text elsewhere, with NO_COLOR and on TERM=dumb. */
export function createPaint(isTerminal: boolean, env: Record<string, string | undefined>): Paint {
  const plain = !isTerminal || (env.NO_COLOR !== undefined && env.NO_COLOR !== '') || env.TERM === 'dumb';
  return plain ? (_, text) => text : (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

export const stateColour: Record<ObservedState, Colour> = { running: 'green', paused: 'yellow', starting: 'blue', stopping: 'blue', stopped: 'dim' };
