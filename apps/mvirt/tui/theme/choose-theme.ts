import type { ThemeName } from '../../cli/theme-names.ts';

type Environment = Record<string, string | undefined>;

/** What the environment says of colours: NO_COLOR (https://no-color.org) and TERM before COLORTERM. null: enough of them for either of our own. */
export function themeFor(env: Environment): ThemeName | null {
  if (env.NO_COLOR || env.TERM === 'dumb') return 'plain';
  if (colorTerm(env) !== null || /direct|256color/.test(env.TERM ?? '')) return null;
  return 'ansi';
}

/** COLORTERM where it can be believed: within screen it is the outer terminal's, and screen 4 takes 24-bit values for other attributes. */
export const colorTerm = ({ COLORTERM, STY }: Environment): string | null => (!STY && /truecolor|24bit/.test(COLORTERM ?? '') ? (COLORTERM ?? null) : null);

/** What rxvt, Konsole and others tell: `foreground;background` as two of the sixteen colours. */
export function backgroundFrom({ COLORFGBG }: Environment): 'dark' | 'light' | null {
  const background = /;(\d+)$/.exec(COLORFGBG ?? '')?.[1];
  if (background === undefined) return null;
  return ['7', '9', '10', '11', '12', '13', '14', '15'].includes(background) ? 'light' : 'dark';
}
