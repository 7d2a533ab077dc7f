import { cellWidth, cut } from './text.ts';

/** What a piece of text means; a theme says how it looks. */
export const tones = [
  'plain',
  'strong',
  'dim',
  'title',
  'accent',
  'key',
  'good',
  'busy',
  'warning',
  'bad',
  'selected',
  'selectedIdle',
  'hit',
  'field',
  'fieldFocused',
  'border',
  'borderFocused',
] as const;
export type Tone = (typeof tones)[number];

/** Plain text of one tone within one row. */
export type Span = { text: string; tone: Tone };

export const span = (text: string, tone: Tone = 'plain'): Span => ({ text, tone });

export const spansWidth = (spans: Span[]): number => spans.reduce((sum, each) => sum + cellWidth(each.text), 0);

export const spansText = (spans: Span[]): string => spans.map((each) => each.text).join('');

/** Spans cut to `width` cells, padded to it in the last one's place with `pad`. */
export function fitSpans(spans: Span[], width: number, pad: Tone = 'plain'): Span[] {
  const fitted: Span[] = [];
  let left = width;
  for (const each of spans) {
    if (left <= 0) break;
    const text = cut(each.text, left);
    left -= cellWidth(text);
    fitted.push({ text, tone: each.tone });
    if (text !== each.text) break;
  }
  if (left > 0) fitted.push({ text: ' '.repeat(left), tone: pad });
  return fitted;
}

/** `start` at the left, `end` at the right where both fit; else only `start`. */
export function spread(start: Span[], end: Span[], width: number): Span[] {
  const gap = width - spansWidth(start) - spansWidth(end);
  if (gap < 1) return fitSpans(start, width);
  return [...start, span(' '.repeat(gap)), ...end];
}
