import type { PaneName } from '../layout/screen-layout.ts';
import type { Command, View } from './command.ts';

export type ScreenActions = {
  /** By a row, by what fits on the pane, or to its end. */
  move: (pane: PaneName, by: 'line' | 'page' | 'end', direction: -1 | 1) => void;
  cycleFocus: (direction: -1 | 1) => void;
  toggleZoom: () => void;
  startFilter: () => void;
  goBack: () => void;
  showHelp: () => void;
  quit: () => void;
};

/** Moving about: the same in the list and in the logs; the console's keys belong to its guest. */
export function screenCommands(actions: ScreenActions): Command[] {
  const move = (id: string, title: string, keys: string[], by: 'line' | 'page' | 'end', direction: -1 | 1): Command =>
    plain({ id, title, keys, run: (view) => actions.move(view.focus, by, direction) });
  return [
    plain({ id: 'filter', title: 'show only VMs whose name contains some text', hint: 'filter', keys: ['/'], run: () => actions.startFilter() }),
    plain({ id: 'help', title: 'all keys', hint: 'help', keys: ['?', 'f1'], run: () => actions.showHelp() }),
    plain({ id: 'quit', title: 'quit; VMs run on', hint: 'quit', keys: ['q', 'ctrl+c'], run: () => actions.quit() }),
    plain({ id: 'focus-next', title: 'next pane', keys: ['tab'], run: () => actions.cycleFocus(1) }),
    plain({ id: 'focus-previous', title: 'pane before', keys: ['shift+tab'], run: () => actions.cycleFocus(-1) }),
    plain({ id: 'zoom', title: 'the pane fills the screen, or no longer', keys: ['z'], run: () => actions.toggleZoom() }),
    move('down', 'down', ['down', 'j'], 'line', 1),
    move('up', 'up', ['up'], 'line', -1),
    move('page-down', 'a page down', ['pagedown'], 'page', 1),
    move('page-up', 'a page up', ['pageup'], 'page', -1),
    move('first', 'to the first', ['g', 'home'], 'end', -1),
    move('last', 'to the last', ['G', 'end'], 'end', 1),
    plain({ id: 'back', title: 'back: zoom, filter, pane', keys: ['escape'], run: () => actions.goBack() }),
  ];
}

/** The console's keys, for the help: heard only there, after the prefix. */
export const consoleKeys = [
  { keys: '^a t', hint: 'leave', title: 'leave the console' },
  { keys: '^a ^a', hint: 'send ^a', title: 'send one ^a to the guest' },
  { keys: '^a z', hint: 'zoom', title: 'the console fills the screen, or no longer' },
  { keys: '^a [', hint: 'scroll back', title: 'scroll back; Esc ends it' },
] as const;

type Plain = Pick<Command, 'id' | 'title' | 'keys'> & { hint?: string; run: (view: View) => void };

function plain({ id, title, keys, hint, run }: Plain): Command {
  return { id, title, keys, hint: hint ?? null, when: (view) => view.focus !== 'console', disabledReason: () => null, commandLine: () => null, run };
}
