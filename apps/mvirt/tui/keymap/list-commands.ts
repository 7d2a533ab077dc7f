import { type Command, noLine, usable } from './command.ts';

export const filterCommand: Command = inList(
  { id: 'filter', title: 'show only VMs with a text in name, id, address or label', hint: 'filter', keys: ['/'] },
  (actions) => actions.startFilter(),
);

/** What is done to the list itself: order and marks. */
export const listCommands: readonly Command[] = [
  inList({ id: 'mark', title: 'mark the VM, or no longer; actions are done to all marked', hint: 'mark', keys: ['space'] }, (actions) => actions.toggleMark()),
  inList({ id: 'mark-all', title: 'mark all that are shown, or none', keys: ['*'] }, (actions) => actions.toggleAllMarks()),
  inList({ id: 'sort', title: 'sort by the next of name, state, CPU, memory, created', hint: 'sort', keys: ['o'] }, (actions) => actions.sortNext()),
  inList({ id: 'sort-reverse', title: 'sort the other way round', keys: ['O'] }, (actions) => actions.sortReverse()),
];

function inList({ id, title, keys, hint }: Pick<Command, 'id' | 'title' | 'keys'> & { hint?: string }, run: Command['run']): Command {
  return { id, title, keys, hint: hint ?? null, when: ['list'], disabledReason: usable, cliLine: noLine, run };
}
