import { RGBA } from '@opentui/core';
import type { ThemeName } from '../../cli/theme-names.ts';
import type { Tone } from '../layout/span.ts';

export type Style = { fg: RGBA; bg: RGBA; attributes: number };

export type Theme = {
  name: ThemeName;
  background: RGBA;
  foreground: RGBA;
  style: (tone: Tone) => Style;
};

/** SGR attributes as OpenTUI packs them. */
export const attribute = { bold: 1, dim: 2, underline: 8, inverse: 32 } as const;

type Look = { fg?: RGBA; bg?: RGBA; bold?: true; dim?: true; underline?: true; inverse?: true };

export function createTheme(name: ThemeName): Theme {
  const { background, foreground, looks } = palettes[name]();
  const styles = new Map<Tone, Style>();
  const styleOf = (tone: Tone): Style => {
    const look = looks[tone];
    const attributes =
      (look.bold ? attribute.bold : 0) | (look.dim ? attribute.dim : 0) | (look.underline ? attribute.underline : 0) | (look.inverse ? attribute.inverse : 0);
    return { fg: look.fg ?? foreground, bg: look.bg ?? background, attributes };
  };
  return {
    name,
    background,
    foreground,
    style: (tone) => {
      const known = styles.get(tone) ?? styleOf(tone);
      styles.set(tone, known);
      return known;
    },
  };
}

type Palette = { background: RGBA; foreground: RGBA; looks: Record<Tone, Look> };

const palettes: Record<ThemeName, () => Palette> = { dark, light, ansi, plain };

function dark(): Palette {
  const hex = (value: string): RGBA => RGBA.fromHex(value);
  const surface = hex('#2a3140');
  return {
    background: hex('#0f1419'),
    foreground: hex('#d5dae2'),
    looks: {
      plain: {},
      strong: { fg: hex('#ffffff'), bold: true },
      dim: { fg: hex('#7d8796') },
      title: { fg: hex('#0f1419'), bg: hex('#6cb6ff'), bold: true },
      accent: { fg: hex('#6cb6ff') },
      key: { fg: hex('#f0c674'), bold: true },
      good: { fg: hex('#7fd88f') },
      busy: { fg: hex('#6cb6ff') },
      warning: { fg: hex('#f0c674') },
      bad: { fg: hex('#ff7b72'), bold: true },
      selected: { fg: hex('#ffffff'), bg: hex('#2f5d8f'), bold: true },
      selectedIdle: { fg: hex('#d5dae2'), bg: surface },
      hit: { fg: hex('#0f1419'), bg: hex('#f0c674') },
      field: { bg: surface },
      fieldFocused: { fg: hex('#ffffff'), bg: hex('#2f4a6b') },
      border: { fg: hex('#4b5565') },
      borderFocused: { fg: hex('#6cb6ff') },
    },
  };
}

function light(): Palette {
  const hex = (value: string): RGBA => RGBA.fromHex(value);
  const surface = hex('#e4e9f0');
  return {
    background: hex('#fbfcfd'),
    foreground: hex('#24292f'),
    looks: {
      plain: {},
      strong: { fg: hex('#000000'), bold: true },
      dim: { fg: hex('#656d76') },
      title: { fg: hex('#ffffff'), bg: hex('#0550ae'), bold: true },
      accent: { fg: hex('#0550ae') },
      key: { fg: hex('#7a5200'), bold: true },
      good: { fg: hex('#116329') },
      busy: { fg: hex('#0550ae') },
      warning: { fg: hex('#7a5200') },
      bad: { fg: hex('#b31d28'), bold: true },
      selected: { fg: hex('#ffffff'), bg: hex('#0550ae'), bold: true },
      selectedIdle: { fg: hex('#24292f'), bg: surface },
      hit: { fg: hex('#24292f'), bg: hex('#ffd33d') },
      field: { bg: surface },
      fieldFocused: { fg: hex('#000000'), bg: hex('#c6dcf5') },
      border: { fg: hex('#9aa4b0') },
      borderFocused: { fg: hex('#0550ae') },
    },
  };
}

function ansi(): Palette {
  const index = (value: number): RGBA => RGBA.fromIndex(value);
  return {
    background: RGBA.defaultBackground(),
    foreground: RGBA.defaultForeground(),
    looks: {
      plain: {},
      strong: { bold: true },
      dim: { fg: index(8) },
      title: { inverse: true, bold: true },
      accent: { fg: index(6) },
      key: { fg: index(3), bold: true },
      good: { fg: index(2) },
      busy: { fg: index(4) },
      warning: { fg: index(3) },
      bad: { fg: index(1), bold: true },
      selected: { inverse: true, bold: true },
      selectedIdle: { bold: true, underline: true },
      hit: { inverse: true },
      field: { underline: true },
      fieldFocused: { inverse: true },
      border: { fg: index(8) },
      borderFocused: { fg: index(6), bold: true },
    },
  };
}

function plain(): Palette {
  return {
    background: RGBA.defaultBackground(),
    foreground: RGBA.defaultForeground(),
    looks: {
      plain: {},
      strong: { bold: true },
      dim: { dim: true },
      title: { inverse: true, bold: true },
      accent: {},
      key: { bold: true },
      good: {},
      busy: {},
      warning: { bold: true },
      bad: { bold: true },
      selected: { inverse: true, bold: true },
      selectedIdle: { bold: true, underline: true },
      hit: { inverse: true },
      field: { underline: true },
      fieldFocused: { inverse: true },
      border: { dim: true },
      borderFocused: { bold: true },
    },
  };
}
