import type { Vm } from '@mvirt/api/schema';
import type { Actions } from './actions.ts';
import type { Mode } from './mode.ts';

/** A part of a VM that details show and that can be taken away. */
export type Part = { kind: 'disk'; path: string } | { kind: 'nic'; mac: string };

/** What commands look at to tell whether they can act. */
export type View = {
  mode: Mode;
  connected: boolean;
  /** All VMs, to tell whether a name stands for one alone. Asked for, not kept: any other VM's change must not draw the hints anew. */
  vms: () => readonly Vm[];
  selected: Vm | null;
  /** Those that are marked and seen. */
  marked: readonly Vm[];
  /** The disk or NIC under the cursor in the details. */
  part: Part | null;
  /** What the logs are searched for; '': nothing. */
  search: string;
};

/** A key as hints, the help and docs/keys.md show it. */
export type KeyEntry = {
  id: string;
  /** For the help and the palette, a few words. */
  title: string;
  /** For the footer; null: not shown there. */
  hint: string | null;
  /** The modes in which its keys are heard. */
  when: readonly Mode[];
  /** The first is the one that hints show. */
  keys: readonly string[];
};

/** All that a key can do. Keys, hints, the palette, the help and docs/keys.md come from these. */
export type Command = KeyEntry & {
  /** Why it cannot act now; null: it can. */
  disabledReason: (view: View) => string | null;
  /** The `mvirt …` line that does the same; null: there is none. */
  cliLine: (view: View) => string | null;
  run: (actions: Actions, view: View) => void;
};

/** The command that a key means in a mode, whether it can act or not. */
export const commandOf = <T extends KeyEntry>(commands: readonly T[], key: string, mode: Mode): T | null =>
  commands.find((command) => command.when.includes(mode) && command.keys.includes(key)) ?? null;

export const usable = (): null => null;
export const noLine = (): null => null;
