import { type CliRenderer, type CliRendererConfig, createCliRenderer } from '@opentui/core';
import type { ThemeName } from '../cli/theme-names.ts';
import { backgroundFrom, colorTerm, themeFor } from './theme/choose-theme.ts';
import { colourLimit } from './theme/limit-colours.ts';
import { createTheme, type Theme } from './theme/theme.ts';

export type ScreenOptions = {
  mouse: boolean;
  /** Absent: as the environment and the terminal say. */
  theme?: ThemeName | undefined;
};

/** A terminal that answers at all does so within this time, over a far line too; who waits longer says --theme. */
const answerWithinMs = 150;

/** The terminal as the UI's screen, and which theme is right for it once it has said so. */
export async function openScreen({ mouse, theme }: ScreenOptions, onDestroy: () => void): Promise<{ renderer: CliRenderer; theme: () => Promise<Theme> }> {
  const { env } = process;
  const told = theme ?? themeFor(env);
  const limit = colourLimit(told ?? 'dark');
  const config: CliRendererConfig = {
    // Ctrl-C is a key like others: in the console it is the guest's.
    exitOnCtrlC: false,
    exitSignals: [],
    // Screen 4.9 keeps an Esc back until the next key while a program has the mouse.
    useMouse: mouse && !env.STY,
    enableMouseMovement: false,
    autoFocus: false,
    openConsoleOnError: false,
    consoleMode: 'disabled',
    targetFps: 30,
    maxFps: 30,
    postProcessFns: limit === null ? [] : [limit],
    onDestroy,
  };
  const renderer = await withTerm(env, told === 'ansi', () => createCliRenderer(config));
  return {
    renderer,
    async theme() {
      const name = told ?? (await renderer.waitForThemeMode(answerWithinMs)) ?? backgroundFrom(env) ?? 'dark';
      const made = createTheme(name);
      if (!renderer.isDestroyed) renderer.setBackgroundColor(made.background);
      return made;
    },
  };
}

const looks = ['TERM', 'COLORTERM', 'TMUX', 'TERM_PROGRAM'] as const;

/**
 * OpenTUI 0.5.12 looks at these by itself. It writes one of the sixteen colours by its number (38;5;n) to a terminal whose TERM says
 * 256color, and by 24-bit values that terminals of sixteen do not know to any other. What it asks within
 * tmux it wraps for tmux. GNU screen that was begun there inherits tmux's variables and unwraps it, half a question is left, and the terminal outside
 * takes the frame behind it for the other half.
 */
async function withTerm<T>(env: NodeJS.ProcessEnv, sixteen: boolean, create: () => Promise<T>): Promise<T> {
  const before = looks.map((name) => [name, env[name]] as const);
  const { TERM } = env;
  if (sixteen && !/256color|direct/.test(TERM ?? '')) env.TERM = /^(screen|tmux)/.test(TERM ?? '') ? 'screen-256color' : 'xterm-256color';
  if (colorTerm(env) === null) delete env.COLORTERM;
  if (env.STY) {
    delete env.TMUX;
    delete env.TERM_PROGRAM;
  }
  try {
    return await create();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
  }
}
