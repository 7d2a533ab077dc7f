import type { Vm } from '@mvirt/api/schema';
import type { PaneName } from '../layout/screen-layout.ts';

/** What commands look at to tell whether they can act. */
export type View = {
  focus: PaneName;
  zoomed: boolean;
  connected: boolean;
  selected: Vm | null;
  filter: string;
};

export type Command = {
  id: string;
  /** For the help, a few words. */
  title: string;
  /** For the footer; null: not shown there. */
  hint: string | null;
  /** The first is the one that hints show. */
  keys: string[];
  /** Where its keys are heard. */
  when: (view: View) => boolean;
  /** Why it cannot act now; null: it can. */
  disabledReason: (view: View) => string | null;
  /** The `mvirt …` line that does the same; null: there is none. */
  commandLine: (view: View) => string | null;
  run: (view: View) => void;
};

/** The command that a key means in this view, whether it can act or not. */
export const commandOf = (commands: Command[], key: string, view: View): Command | null =>
  commands.find((command) => command.keys.includes(key) && command.when(view)) ?? null;
