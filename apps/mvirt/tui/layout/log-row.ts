import type { LogLineDocument } from '@mvirt/api/schema';
import { clockTime } from './format.ts';
import { fitSpans, type Span, span, type Tone } from './span.ts';
import { plainText } from './text.ts';

const levels: Record<LogLineDocument['level'], { mark: string; tone: Tone }> = {
  info: { mark: '', tone: 'plain' },
  warning: { mark: '! ', tone: 'warning' },
  error: { mark: '× ', tone: 'bad' },
};

/** One row of the log, exactly `width` cells: time, level by sign and colour, text. */
export function logRow(line: LogLineDocument, width: number): Span[] {
  const { mark, tone } = levels[line.level];
  const time = width >= 30 ? [span(` ${clockTime(line.at)} `, 'dim')] : [];
  const textTone = line.source === 'hypervisor' && line.level === 'info' ? 'dim' : tone;
  return fitSpans([...time, span(mark, tone), span(plainText(line.text), textTone)], width);
}
