import type { LogLineDocument } from '@mvirt/api/schema';
import { clockTime } from './format.ts';
import { fitSpans, type Span, span, type Tone } from './span.ts';

const levels: Record<LogLineDocument['level'], { mark: string; tone: Tone }> = {
  info: { mark: '', tone: 'plain' },
  warning: { mark: '! ', tone: 'warning' },
  error: { mark: '× ', tone: 'bad' },
};

const timeCells = 10;
const timeFrom = 30;

const prefixCells = (line: LogLineDocument, width: number): number => (width >= timeFrom ? timeCells : 0) + levels[line.level].mark.length;

/** Cells that a line's text has in a pane of that width, beside time and level. */
export const logTextCells = (line: LogLineDocument, width: number): number => Math.max(1, width - prefixCells(line, width));

/** One row of the log, exactly `width` cells: time, level by sign and colour, text; on a wrapped line's further rows only text. */
export function logRow(
  { line, row, text }: { line: LogLineDocument; row: number; text: string },
  options: { width: number; term: string; current: boolean },
): Span[] {
  const { width, term, current } = options;
  const { mark, tone } = levels[line.level];
  const textTone = line.source === 'hypervisor' && line.level === 'info' ? 'dim' : tone;
  const time = width >= timeFrom ? [span(`${current && row === 0 ? '▸' : ' '}${clockTime(line.at)} `, current ? 'key' : 'dim')] : [];
  const start = row > 0 ? [span(' '.repeat(prefixCells(line, width)))] : [...time, span(mark, tone)];
  return fitSpans([...start, ...highlighted(text, term, textTone)], width);
}

/** Text with every place of `term` set off, whatever the letters' case. */
function highlighted(text: string, term: string, tone: Tone): Span[] {
  const lower = text.toLowerCase();
  const wanted = term.toLowerCase();
  // A few letters change their length with their case: then places would not match.
  if (wanted === '' || lower.length !== text.length) return [span(text, tone)];
  const spans: Span[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    if (at > from) spans.push(span(text.slice(from, at), tone));
    spans.push(span(text.slice(at, at + wanted.length), 'hit'));
    from = at + wanted.length;
  }
  spans.push(span(text.slice(from), tone));
  return spans;
}
