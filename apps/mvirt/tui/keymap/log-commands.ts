import { shellLine } from '../layout/format.ts';
import { type Command, noLine, usable, type View } from './command.ts';
import { vmWord } from './vm-word.ts';

const noSearch = (view: View): string | null => (view.search === '' ? 'nothing is searched for; / searches' : null);

/** What is done to the logs. */
export const logCommands: readonly Command[] = [
  {
    id: 'logs',
    title: 'look at what happened to the VM',
    hint: null,
    keys: ['l'],
    when: ['list'],
    disabledReason: (view) => (view.selected === null ? 'no VM is selected' : null),
    cliLine: (view) => (view.selected === null ? null : shellLine(['mvirt', 'logs', '-f', vmWord(view.selected, view.vms())])),
    run: (actions) => actions.focus('logs'),
  },
  inLogs({ id: 'search', title: 'search the logs', hint: 'search', keys: ['/'] }, (actions) => actions.startSearch()),
  inLogs({ id: 'search-next', title: 'the next hit', hint: 'next', keys: ['n'], reason: noSearch }, (actions) => actions.searchStep(1)),
  inLogs({ id: 'search-previous', title: 'the hit before', hint: 'previous', keys: ['N'], reason: noSearch }, (actions) => actions.searchStep(-1)),
  inLogs({ id: 'wrap', title: 'wrap long lines, or no longer', hint: 'wrap', keys: ['w'] }, (actions) => actions.toggleWrap()),
  inLogs({ id: 'copy', title: 'copy the lines that are seen', hint: 'copy', keys: ['y'] }, (actions) => actions.copy('seen')),
  inLogs({ id: 'copy-all', title: 'copy all lines', keys: ['Y'] }, (actions) => actions.copy('all')),
];

type InLogs = Pick<Command, 'id' | 'title' | 'keys'> & { hint?: string; reason?: Command['disabledReason'] };

function inLogs({ id, title, keys, hint, reason }: InLogs, run: Command['run']): Command {
  return { id, title, keys, hint: hint ?? null, when: ['logs'], disabledReason: reason ?? usable, cliLine: noLine, run };
}
