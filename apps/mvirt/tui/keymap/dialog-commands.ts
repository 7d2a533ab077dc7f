import type { Command } from './command.ts';
import { plain } from './screen-commands.ts';

/** What keys do in dialogs and where text is typed; every other key there is text. */
export const dialogCommands: readonly Command[] = [
  plain({ id: 'yes', title: 'yes, do it', hint: 'yes', keys: ['y', 'Y'], when: ['confirm'] }, (actions) => actions.answer(true)),
  plain({ id: 'no', title: 'no, leave it as it is', hint: 'no', keys: ['n', 'N', 'q', 'escape'], when: ['confirm'] }, (actions) => actions.answer(false)),
  plain({ id: 'close', title: 'close', hint: 'close', keys: ['escape', 'q', 'enter', '?'], when: ['help', 'output'] }, (actions) => actions.cancel()),
  plain({ id: 'close-details', title: 'close', hint: 'close', keys: ['escape', 'q', 'i'], when: ['details'] }, (actions) => actions.cancel()),

  plain({ id: 'accept-filter', title: 'keep the filter', hint: 'keep', keys: ['enter'], when: ['filter'] }, (actions) => actions.accept()),
  plain({ id: 'drop-filter', title: 'show all again', hint: 'show all', keys: ['escape'], when: ['filter'] }, (actions) => actions.cancel()),
  plain({ id: 'accept-search', title: 'to the newest hit; n and N walk the hits', hint: 'search', keys: ['enter'], when: ['search'] }, (actions) =>
    actions.accept(),
  ),
  plain({ id: 'drop-search', title: 'search for nothing', hint: 'end', keys: ['escape'], when: ['search'] }, (actions) => actions.cancel()),

  plain({ id: 'run', title: 'run it', hint: 'run', keys: ['enter'], when: ['palette'] }, (actions) => actions.accept()),
  plain({ id: 'complete', title: 'complete the word', hint: 'complete', keys: ['tab'], when: ['palette'] }, (actions) => actions.complete()),
  plain({ id: 'leave-palette', title: 'leave it', hint: 'leave', keys: ['escape'], when: ['palette'] }, (actions) => actions.cancel()),

  plain({ id: 'choose', title: 'choose the file, or open the folder', hint: 'choose', keys: ['enter', 'right'], when: ['picker'] }, (actions) =>
    actions.accept(),
  ),
  plain({ id: 'parent', title: 'to the folder above', hint: 'up', keys: ['left'], when: ['picker'] }, (actions) => actions.step(-1)),
  plain({ id: 'leave-picker', title: 'choose nothing', hint: 'leave', keys: ['escape'], when: ['picker'] }, (actions) => actions.cancel()),

  plain({ id: 'next-field', title: 'next field', hint: 'next', keys: ['tab', 'down'], when: ['form'] }, (actions) => actions.step(1)),
  plain({ id: 'previous-field', title: 'field before', keys: ['shift+tab', 'up'], when: ['form'] }, (actions) => actions.step(-1)),
  // A terminal that cannot tell Ctrl+Enter from Enter may send it as Ctrl+J; in many nothing but ^s is left.
  plain({ id: 'submit', title: 'do what the form says', hint: 'submit', keys: ['ctrl+enter', 'ctrl+s', 'ctrl+j'], when: ['form'] }, (actions) =>
    actions.submit(),
  ),
  plain({ id: 'accept-field', title: 'next field; on the button: do what the form says', keys: ['enter'], when: ['form'] }, (actions) => actions.accept()),
  plain({ id: 'browse', title: 'choose a file or an image', hint: 'choose', keys: ['ctrl+o'], when: ['form'] }, (actions) => actions.browse()),
  plain({ id: 'leave-form', title: 'close the form; what was typed is lost', hint: 'leave', keys: ['escape'], when: ['form'] }, (actions) => actions.cancel()),

  plain({ id: 'cursor-up', title: 'up', keys: ['up'], when: ['filter', 'palette', 'picker'] }, (actions) => actions.move('line', -1)),
  plain({ id: 'cursor-down', title: 'down', keys: ['down'], when: ['filter', 'palette', 'picker'] }, (actions) => actions.move('line', 1)),
  plain({ id: 'cursor-page-up', title: 'a page up', keys: ['pageup'], when: ['picker'] }, (actions) => actions.move('page', -1)),
  plain({ id: 'cursor-page-down', title: 'a page down', keys: ['pagedown'], when: ['picker'] }, (actions) => actions.move('page', 1)),
  plain({ id: 'erase', title: 'erase a character', keys: ['backspace'], when: ['filter', 'search', 'palette', 'picker'] }, (actions) =>
    actions.erase('character'),
  ),
  plain({ id: 'erase-line', title: 'erase all', keys: ['ctrl+u'], when: ['filter', 'search', 'palette', 'picker'] }, (actions) => actions.erase('line')),
];
