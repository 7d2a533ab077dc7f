import type { Command, KeyEntry, View } from '../keymap/command.ts';
import { keyLabel } from '../keymap/key-name.ts';
import { fitSpans, type Span, span, spansWidth, spread, type Tone } from './span.ts';
import { plainText } from './text.ts';

export type Message = { text: string; tone: Tone };

/** Those that stay where there is no room for all. */
const last: ReadonlySet<string> = new Set(['help']);

/** Keys of the commands that the footer shows, greyed where they cannot act now; set closer where that shows more. */
export function keyHints(commands: readonly Command[], view: View, width: number): Span[] {
  const entries = commands.filter((command) => command.when.includes(view.mode));
  return hintLine(
    entries.map((command) => ({ ...command, usable: command.disabledReason(view) === null })),
    width,
    '',
  );
}

/** The same of keys that always act. before: such as `^a `. */
export const entryHints = (entries: readonly KeyEntry[], width: number, before: string): Span[] =>
  hintLine(
    entries.map((entry) => ({ ...entry, usable: true })),
    width,
    before,
  );

function hintLine(entries: readonly (KeyEntry & { usable: boolean })[], width: number, before: string): Span[] {
  const hints = entries.flatMap(({ id, hint, keys: [key], usable }): { id: string; spans: [Span, Span] }[] => {
    if (hint === null || key === undefined) return [];
    return [{ id, spans: [span(`${before}${keyLabel(key)}`, usable ? 'key' : 'dim'), span(` ${hint}`, usable ? 'plain' : 'dim')] }];
  });
  const cells = ({ spans }: { spans: Span[] }): number => spansWidth(spans) + 1;
  const total = (list: { spans: Span[] }[]): number => list.reduce((sum, hint) => sum + cells(hint), 0);
  const kept = [...hints];
  while (total(kept) > width) {
    const at = kept.findLastIndex((hint) => !last.has(hint.id));
    if (at < 0) break;
    kept.splice(at, 1);
  }
  const gap = total(kept) + kept.length <= width ? '  ' : ' ';
  return fitSpans(
    kept.flatMap(({ spans }, at) => [span(at > 0 ? gap : ' '), ...spans]),
    width,
  );
}

/** A message keeps at least this much beside a line. */
const messageKeeps = 16;

/** The last message at the left; the `mvirt …` line that does the same at the right. Where both have no room, what went wrong is told whole, and else the line. */
export function messageLine(options: { message: Message | null; line: string | null; width: number }): Span[] {
  const { message, line, width } = options;
  const start = message === null ? [span(' ')] : [span(` ${plainText(message.text)}`, message.tone)];
  const end = line === null ? [] : [span('$ ', 'dim'), span(`${plainText(line)} `, 'accent')];
  const room = width - spansWidth(end) - 1;
  if (message === null || end.length === 0 || spansWidth(start) <= room) return spread(start, end, width);
  const wrong = message.tone === 'bad' || message.tone === 'warning';
  return wrong || room < messageKeeps ? fitSpans(start, width) : spread(fitSpans(start, room), end, width);
}
