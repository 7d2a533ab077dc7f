import { type Span, span, spansWidth, type Tone } from './span.ts';
import { cellWidth, cut } from './text.ts';

/** The top border of a pane: its title at the left, the first note that has room at the right. */
export function frameTop(options: { title: string; notes: string[]; width: number; corners: boolean; focused: boolean }): Span[] {
  const { width, corners, focused } = options;
  const tone: Tone = focused ? 'borderFocused' : 'border';
  const [start, end] = corners ? ['┌', '┐'] : ['─', '─'];
  if (width < 2) return [span('─'.repeat(Math.max(0, width)), tone)];
  const inner = width - 2;
  const title = options.title === '' ? '' : cut(` ${options.title} `, inner);
  const room = inner - cellWidth(title);
  const shownNote = options.notes.map((note) => (note === '' ? '' : ` ${note} `)).find((note) => cellWidth(note) <= room) ?? '';
  const spans = [span(start, tone), span(title, focused ? 'strong' : 'plain')];
  const line = inner - cellWidth(title) - cellWidth(shownNote);
  spans.push(span('─'.repeat(Math.max(0, line)), tone), span(shownNote, focused ? 'accent' : 'dim'), span(end, tone));
  return spansWidth(spans) === width ? spans : [span(start, tone), span('─'.repeat(inner), tone), span(end, tone)];
}
