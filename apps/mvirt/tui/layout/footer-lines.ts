import type { Command, View } from '../keymap/command.ts';
import { keyLabel } from '../keymap/key-name.ts';
import { fitSpans, type Span, span, spansWidth, spread, type Tone } from './span.ts';
import { plainText } from './text.ts';

export type Message = { text: string; tone: Tone };

/** Keys of the commands that the footer shows, greyed where they cannot act now; set closer where that shows more. */
export function keyHints(commands: Command[], view: View, width: number): Span[] {
  const hints = commands.flatMap((command): [Span, Span][] => {
    const key = command.keys[0];
    if (command.hint === null || key === undefined || !command.when(view)) return [];
    const usable = command.disabledReason(view) === null;
    return [[span(keyLabel(key), usable ? 'key' : 'dim'), span(` ${command.hint}`, usable ? 'plain' : 'dim')]];
  });
  const wide = spansWidth(hints.flat()) + 2 * hints.length <= width;
  const spans: Span[] = [];
  for (const hint of hints) {
    if (spansWidth(spans) + 1 + spansWidth(hint) > width) break;
    spans.push(span(spans.length > 0 && wide ? '  ' : ' '), ...hint);
  }
  return fitSpans(spans, width);
}

/** The last message at the left; the `mvirt …` line that does the same at the right, where there is room for both. */
export function messageLine(options: { message: Message | null; line: string | null; width: number }): Span[] {
  const { message, line, width } = options;
  const start = message === null ? [span(' ')] : [span(` ${plainText(message.text)}`, message.tone)];
  const end = line === null ? [] : [span('$ ', 'dim'), span(`${plainText(line)} `, 'accent')];
  const room = width - spansWidth(end) - 1;
  return spread(spansWidth(start) <= room || message === null ? start : fitSpans(start, width), spansWidth(start) <= room ? end : [], width);
}
