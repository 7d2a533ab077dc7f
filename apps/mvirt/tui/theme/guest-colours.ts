import { RGBA } from '@opentui/core';
import type { Theme } from './theme.ts';

/** What a guest's default and 16 colours are, as the emulator is told them. */
export type GuestColours = { foreground: RGBA; background: RGBA; sixteen: readonly RGBA[] };

/** The theme's own colours; where those are the terminal's, stand-ins that limit-colours.ts knows again. */
export function guestColours(theme: Theme): GuestColours {
  if (theme.name === 'dark') return { foreground: theme.foreground, background: theme.background, sixteen: darkSixteen };
  if (theme.name === 'light') return { foreground: theme.foreground, background: theme.background, sixteen: lightSixteen };
  return standIns;
}

/** Sets them in an emulator: OSC 10, 11 and 4 (xterm's control sequences). */
export function setGuestColours({ foreground, background, sixteen }: GuestColours): string {
  const palette = sixteen.map((colour, index) => `${index};${hex(colour)}`).join(';');
  return `\u001b]10;${hex(foreground)}\u001b\\\u001b]11;${hex(background)}\u001b\\\u001b]4;${palette}\u001b\\`;
}

function hex(colour: RGBA): string {
  const [r, g, b] = colour.toInts();
  return `#${[r, g, b].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

const all = (...values: string[]): RGBA[] => values.map((value) => RGBA.fromHex(value));

const darkSixteen = all(
  ...['#1c2128', '#f47067', '#6bc46d', '#daaa3f', '#539bf5', '#b083f0', '#56b6c2', '#c5cbd3'],
  ...['#768390', '#ff938a', '#8ddb8c', '#eac55f', '#6cb6ff', '#dcbdfb', '#76e3ea', '#ffffff'],
);

/** Each readable on the light background, yellow and white too. */
const lightSixteen = all(
  ...['#24292f', '#b31d28', '#116329', '#7a5200', '#0550ae', '#6639ba', '#0b6b78', '#57606a'],
  ...['#6e7781', '#cf222e', '#1a7f37', '#946300', '#0969da', '#8250df', '#1b7c83', '#7d858d'],
);

/** xterm's sixteen and grey on black, each a shade that nothing else is likely to be. */
const standIns: GuestColours = {
  foreground: RGBA.fromHex('#e6e4e3'),
  background: RGBA.fromHex('#010201'),
  sixteen: all(
    ...['#020103', '#cb0103', '#01cc03', '#cbcc03', '#0201ec', '#cb01cc', '#01cbcc', '#e3e4e6'],
    ...['#7e807d', '#fd0102', '#02fd01', '#fdfe01', '#5b5dfe', '#fd02fe', '#01fefd', '#fdfeff'],
  ),
};
