import { expect, test } from 'bun:test';
import { backgroundFrom, themeFor } from './choose-theme.ts';

test.each([
  [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, null],
  [{ TERM: 'xterm-256color' }, null],
  [{ TERM: 'screen', COLORTERM: '24bit' }, null],
  [{ TERM: 'xterm-direct' }, null],
  [{ TERM: 'screen', COLORTERM: 'truecolor', STY: '1.x' }, 'ansi'],
  [{ TERM: 'linux' }, 'ansi'],
  [{ TERM: 'screen' }, 'ansi'],
  [{}, 'ansi'],
  [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, 'plain'],
  [{ TERM: 'xterm-256color', NO_COLOR: '' }, null],
  [{ TERM: 'dumb', COLORTERM: 'truecolor' }, 'plain'],
] as const)('%j has the theme %p', (env, theme) => expect(themeFor(env)).toBe(theme));

test.each([
  ['15;0', 'dark'],
  ['0;15', 'light'],
  ['0;default;7', 'light'],
  ['15;default;8', 'dark'],
  ['default;default', null],
  ['', null],
] as const)('COLORFGBG=%s means %p', (value, background) => expect(backgroundFrom({ COLORFGBG: value })).toBe(background));
