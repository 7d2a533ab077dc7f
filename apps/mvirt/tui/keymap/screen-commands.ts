import type { Actions, Direction, Step } from './actions.ts';
import { type Command, noLine, usable } from './command.ts';
import type { Mode } from './mode.ts';

const panes: readonly Mode[] = ['list', 'logs'];
const readable: readonly Mode[] = ['list', 'logs', 'details', 'help', 'output'];

const moves: readonly Command[] = [
  move('down', 'down', ['down', 'j'], 'line', 1),
  move('up', 'up', ['up'], 'line', -1),
  move('page-down', 'a page down', ['pagedown', 'ctrl+f'], 'page', 1),
  move('page-up', 'a page up', ['pageup', 'ctrl+b'], 'page', -1),
  move('first', 'to the first', ['g', 'home'], 'end', -1),
  move('last', 'to the last', ['G', 'end'], 'end', 1),
];

/** Keys that nobody would spell out: the command line does not offer them. */
export const keysOnly: ReadonlySet<string> = new Set([...moves.map(({ id }) => id), 'palette', 'back', 'quit-anywhere', 'suspend']);

/** The way to all others. */
export const paletteCommand: Command = plain(
  { id: 'palette', title: 'type a command: mvirt …, or any of these', hint: 'command', keys: [':'], when: [...panes, 'details'] },
  (actions) => actions.openPalette(),
);

/** Moving about, and what is everywhere the same. */
export const screenCommands: readonly Command[] = [
  plain({ id: 'help', title: 'all keys', hint: 'help', keys: ['?', 'f1'], when: [...panes, 'details'] }, (actions) => actions.openHelp()),
  plain({ id: 'focus-next', title: 'next pane', keys: ['tab'], when: panes }, (actions) => actions.cycleFocus(1)),
  plain({ id: 'focus-previous', title: 'pane before', keys: ['shift+tab'], when: panes }, (actions) => actions.cycleFocus(-1)),
  plain({ id: 'zoom', title: 'the pane fills the screen, or no longer', keys: ['z'], when: panes }, (actions) => actions.toggleZoom()),
  ...moves,
  plain({ id: 'back', title: 'back: zoom, pane, search, filter, marks', keys: ['escape'], when: panes }, (actions) => actions.goBack()),
  plain({ id: 'quit', title: 'quit; VMs run on', hint: 'quit', keys: ['q'], when: panes }, (actions) => actions.quit()),
  plain(
    {
      id: 'quit-anywhere',
      title: 'quit, whatever is open; in the console it is the guest’s',
      keys: ['ctrl+c'],
      when: [...readable, 'filter', 'search', 'palette', 'form', 'picker', 'confirm'],
    },
    (actions) => actions.quit(),
  ),
  plain(
    {
      id: 'suspend',
      title: 'suspend; fg brings it back; in the console it is the guest’s',
      keys: ['ctrl+z'],
      when: [...readable, 'filter', 'search', 'palette', 'form', 'picker', 'confirm'],
    },
    (actions) => actions.suspend(),
  ),
];

function move(id: string, title: string, keys: string[], by: Step, direction: Direction): Command {
  return plain({ id, title, keys, when: readable }, (actions) => actions.move(by, direction));
}

type Plain = Pick<Command, 'id' | 'title' | 'keys' | 'when'> & { hint?: string };

/** A command that always can act and stands for no `mvirt …` line. */
export function plain({ id, title, keys, hint, when }: Plain, run: (actions: Actions) => void): Command {
  return { id, title, keys, hint: hint ?? null, when, disabledReason: usable, cliLine: noLine, run };
}
