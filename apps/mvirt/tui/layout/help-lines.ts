import type { Command, KeyEntry, View } from '../keymap/command.ts';
import { prefixKeys } from '../keymap/console-prefix.ts';
import { keyLabel } from '../keymap/key-name.ts';
import { type Mode, modeTitles } from '../keymap/mode.ts';
import { type Span, span } from './span.ts';
import { fit } from './text.ts';

const keyCells = 14;

/** All keys, from the registry, those of the mode in use first; one that cannot act now is greyed and says why. */
export function helpLines(commands: readonly Command[], view: View): Span[][] {
  const here = commands.filter((command) => command.when.includes(view.mode));
  const elsewhere = (mode: Mode, entries: readonly KeyEntry[]): Span[][] => {
    const others = entries.filter((entry) => entry.when.includes(mode) && !here.some((command) => command.id === entry.id));
    return others.length === 0 ? [] : [[], [span(` ${heading(mode)}`, 'strong')], ...others.map((entry) => entryLine(entry, mode === 'prefix' ? '^a ' : ''))];
  };
  return [
    [span(` ${heading(view.mode)}`, 'strong')],
    ...here.map((command) => {
      const reason = command.disabledReason(view);
      return reason === null ? entryLine(command, '') : [span(entryKeys(command, ''), 'dim'), span(`${command.title} – ${reason}`, 'dim')];
    }),
    ...(['list', 'logs', 'details'] as const).flatMap((mode) => elsewhere(mode, commands)),
    ...elsewhere('prefix', prefixKeys),
  ];
}

const heading = (mode: Mode): string => modeTitles[mode].replaceAll('`', '');
const entryKeys = (entry: KeyEntry, before: string): string => fit(` ${entry.keys.map((key) => before + keyLabel(key)).join(' ')}`, keyCells);
const entryLine = (entry: KeyEntry, before: string): Span[] => [span(entryKeys(entry, before), 'key'), span(entry.title)];
