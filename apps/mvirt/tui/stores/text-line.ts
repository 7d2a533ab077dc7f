import type { Dialog } from './dialogs.ts';
import type { LogStore } from './log-store.ts';
import type { VmStore } from './vm-store.ts';

/** A line of text that is being typed. */
export type TextLine = { text: () => string; set: (text: string) => void };

/** The line that typed text goes to; null: none is open, or a form's field has it. */
export function textLine(deps: { front: Dialog | null; into: 'filter' | 'search' | null; vms: VmStore; logs: LogStore }): TextLine | null {
  const { front, into, vms, logs } = deps;
  if (front?.kind === 'palette') return { text: front.store.line, set: front.store.type };
  if (front?.kind === 'picker') return { text: front.store.needle, set: front.store.type };
  if (front !== null) return null;
  if (into === 'filter') return { text: vms.filter, set: vms.setFilter };
  return into === 'search' ? { text: logs.search.term, set: logs.searchFor } : null;
}
