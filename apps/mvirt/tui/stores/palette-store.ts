import { batch, createMemo, createSignal } from 'solid-js';
import type { Command, View } from '../keymap/command.ts';
import { isCliLine, type Suggestion, suggestions } from '../keymap/suggestions.ts';

export type PaletteStore = ReturnType<typeof createPaletteStore>;

const kept = 50;

/** The command line while it is open. view: of the mode that is beneath it. */
export function createPaletteStore(deps: { commands: readonly Command[]; view: () => View }) {
  const [line, setLine] = createSignal('');
  const [index, setIndex] = createSignal(0);
  /** Lines that were run, the newest last. */
  const past: string[] = [];
  const found = createMemo<readonly Suggestion[]>(() => suggestions(line(), deps.commands, deps.view()));
  const at = createMemo(() => Math.max(0, Math.min(index(), found().length - 1)));

  function type(text: string): void {
    batch(() => {
      setLine(text);
      setIndex(0);
    });
  }

  return {
    line,
    found,
    index: at,
    type,
    open: (): void => type(''),
    /** Among the suggestions; above the first, the lines that were run before. */
    move(rows: number): void {
      const last = past.at(-1);
      if (rows < 0 && line() === '' && at() === 0 && last !== undefined) type(last);
      else setIndex(Math.max(0, Math.min(found().length - 1, at() + rows)));
    },
    /** The line becomes what is suggested. */
    complete(): void {
      const chosen = found()[at()];
      if (chosen === undefined) return;
      if (chosen.kind === 'text') type(chosen.text);
      else type(chosen.command.cliLine(deps.view()) ?? chosen.command.id);
    },
    /** What Enter means: a `mvirt …` line, one of our commands, or nothing. */
    chosen(): { kind: 'line'; line: string } | { kind: 'command'; command: Command } | null {
      const text = line().trim();
      if (isCliLine(`${text} `) && text !== 'mvirt') {
        const first = found()[at()];
        // One word may be a command of ours as well: that one acts on what is selected.
        const own = at() > 0 || found().some((each) => each.kind === 'command' && each.command.id === text);
        if (!isCliLine(line()) && first?.kind === 'command' && own) return first;
        past.splice(0, past.length, ...past.filter((each) => each !== text).slice(1 - kept), text);
        return { kind: 'line', line: text };
      }
      const chosen = found()[at()];
      return chosen?.kind === 'command' ? chosen : null;
    },
  };
}
