export const themeNames = ['dark', 'light', 'ansi', 'plain'] as const;

/** dark, light: colours of our own; ansi: the terminal's own 16; plain: no colour at all. */
export type ThemeName = (typeof themeNames)[number];
