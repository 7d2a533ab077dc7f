import type { Vm } from '@mvirt/api/schema';
import { type Accessor, batch, type Setter } from 'solid-js';
import type { Actions, Direction, Step } from '../keymap/actions.ts';
import type { Command, View } from '../keymap/command.ts';
import { commands } from '../keymap/commands.ts';
import type { Mode } from '../keymap/mode.ts';
import type { Message } from '../layout/footer-lines.ts';
import { shellLine } from '../layout/format.ts';
import type { PaneName } from '../layout/screen-layout.ts';
import { vmLabel } from '../layout/vm-row.ts';
import { createDetailStore } from './detail-store.ts';
import type { Dialogs } from './dialogs.ts';
import { createFormOpener } from './form-opener.ts';
import type { LogStore } from './log-store.ts';
import { createPaletteStore } from './palette-store.ts';
import { createScroll } from './scroll.ts';
import { textLine } from './text-line.ts';
import { createTypedLine } from './typed-line.ts';
import type { UiDeps } from './ui.ts';
import { createVmActs } from './vm-acts.ts';
import type { VmStore } from './vm-store.ts';

export type ActionDeps = UiDeps & {
  signal: AbortSignal;
  connected: Accessor<boolean>;
  vms: VmStore;
  logs: LogStore;
  dialogs: Dialogs;
  mode: Accessor<Mode>;
  baseView: Accessor<View>;
  focus: Accessor<PaneName>;
  setFocus: (pane: PaneName) => void;
  zoomed: Accessor<boolean>;
  setZoomed: Setter<boolean>;
  typingInto: Accessor<'filter' | 'search' | null>;
  setTypingInto: Setter<'filter' | 'search' | null>;
  say: (text: string, tone?: Message['tone']) => void;
  clearMessage: () => void;
  setLastLine: (line: string | null) => void;
  run: (command: Command, view: View) => void;
};

const paneOrder: readonly PaneName[] = ['list', 'logs', 'console'];

/** What commands do, each by the store that it is about. */
export function createActions(deps: ActionDeps): Actions & { type: (text: string) => void } {
  const { vms, logs, dialogs, say, setFocus } = deps;
  const acts = createVmActs(deps);
  const { openForm, browse } = createFormOpener(deps);
  const confirm: Actions['confirm'] = (action, list) => dialogs.open(() => ({ kind: 'confirm', action, vms: list }));
  const openDetails = (vm: Vm): void => dialogs.open(() => ({ kind: 'details', id: vm.id, store: createDetailStore(() => vmById(vm.id)) }));
  const vmById = (id: string): Vm | null => vms.all().find((vm) => vm.id === id) ?? null;
  const line = () => textLine({ front: dialogs.front(), into: deps.typingInto(), vms, logs });

  async function inTerminal(argv: readonly string[], line: string): Promise<void> {
    const status = await deps.inTerminal(argv);
    if (!deps.signal.aborted) say(status === 0 ? `${line}: done` : `${line}: ended with status ${status}`, status === 0 ? 'plain' : 'warning');
  }

  const typed = createTypedLine({
    ...deps,
    inTerminal,
    vms: vms.all,
    confirm,
    show: (title, text) => dialogs.open(() => ({ kind: 'output', scroll: createScroll(), title, lines: text.replace(/\n+$/, '').split('\n') })),
    create: () => openForm({ kind: 'create' }),
    look: (at, vm) =>
      batch(() => {
        if (at === 'details') return openDetails(vm);
        dialogs.closeAll();
        if (!vms.shown().some((each) => each.id === vm.id)) vms.setFilter('');
        vms.select(vm.id);
        setFocus(at);
      }),
  });

  /** In whatever is in front. */
  function mover(): (by: Step, direction: Direction) => void {
    const front = dialogs.front();
    switch (front?.kind) {
      case 'help':
      case 'output':
        return front.scroll.move;
      case 'details':
      case 'picker':
        return front.store.move;
      case 'palette':
        return (_by, direction) => front.store.move(direction);
      case 'form':
      case 'confirm':
        return () => {};
    }
    return deps.focus() === 'logs' ? logs.scroll : vms.move;
  }

  function accept(): void {
    const front = dialogs.front();
    if (front?.kind === 'palette') {
      const chosen = front.store.chosen();
      const view = deps.baseView();
      if (chosen === null) return;
      dialogs.close(front);
      if (chosen.kind === 'command') deps.run(chosen.command, view);
      else {
        deps.setLastLine(chosen.line.startsWith('mvirt') ? chosen.line : `mvirt ${chosen.line}`);
        typed(chosen.line);
      }
    } else if (front?.kind === 'picker') front.store.choose();
    else if (front?.kind === 'form') {
      const button = front.store.button();
      if (button === null) front.store.step(1);
      else front.store.press(button);
    } else if (deps.typingInto() === 'search') {
      deps.setTypingInto(null);
      if (logs.search.term() !== '' && !logs.toNewestHit()) say(`/${logs.search.term()}: nothing found`, 'warning');
    } else deps.setTypingInto(null);
  }

  function cancel(): void {
    if (dialogs.front() !== null) dialogs.closeFront();
    else if (deps.typingInto() === 'search') logs.searchFor('');
    else vms.setFilter('');
    deps.setTypingInto(null);
  }

  function goBack(): void {
    if (deps.zoomed()) deps.setZoomed(false);
    else if (deps.focus() === 'logs' && logs.search.term() !== '') logs.searchFor('');
    else if (deps.focus() !== 'list') setFocus('list');
    else if (vms.filter() !== '') vms.setFilter('');
    else if (vms.marks.seen().length > 0) vms.marks.clear();
    else deps.clearMessage();
  }

  function answer(yes: boolean): void {
    const front = dialogs.front();
    if (front?.kind !== 'confirm') return;
    dialogs.close(front);
    if (yes) acts.act(front.action, front.vms);
    else say(`${front.action}: not done`);
  }

  function copy(what: 'seen' | 'all'): void {
    const front = dialogs.front();
    const lines = front?.kind === 'details' ? [front.store.value()] : logs.texts(what);
    if (lines.length === 0) say('there is nothing to copy', 'warning');
    else if (!deps.copy(lines.join('\n'))) say('this terminal takes no copies (OSC 52)', 'warning');
    else say(lines.length === 1 ? `copied: ${lines[0]}` : `${lines.length} lines copied`, 'good');
  }

  return {
    ...acts,
    confirm,
    ssh: (vm) => void inTerminal(['ssh', vm.id], shellLine(['mvirt', 'ssh', vmLabel(vm)])),
    openForm,
    browse,
    openDetails,
    openPalette: () => dialogs.open(() => ({ kind: 'palette', store: createPaletteStore({ commands, view: deps.baseView }) })),
    openHelp: () => {
      const mode = deps.mode();
      dialogs.open(() => ({ kind: 'help', scroll: createScroll(), mode }));
    },
    focus: setFocus,
    cycleFocus: (direction) => setFocus(paneOrder[(paneOrder.indexOf(deps.focus()) + direction + paneOrder.length) % paneOrder.length] ?? 'list'),
    toggleZoom: () => deps.setZoomed((on) => !on),
    move: (by, direction) => mover()(by, direction),
    startFilter: () => deps.setTypingInto('filter'),
    sortNext: vms.sortNext,
    sortReverse: () => vms.sortBy({ ...vms.sort(), reversed: !vms.sort().reversed }),
    toggleMark: vms.toggleMark,
    toggleAllMarks: vms.marks.toggleAll,
    startSearch: () => deps.setTypingInto('search'),
    searchStep: (direction) => {
      if (!logs.stepHit(direction)) say(`/${logs.search.term()}: nothing found`, 'warning');
    },
    toggleWrap: logs.toggleWrap,
    copy,
    accept,
    cancel,
    answer,
    step: (direction) => {
      const front = dialogs.front();
      if (front?.kind === 'form') front.store.step(direction);
      else if (front?.kind === 'picker') front.store.up();
    },
    submit: () => {
      const front = dialogs.front();
      if (front?.kind === 'form') front.store.press(front.store.button() ?? 0);
    },
    complete: () => {
      const front = dialogs.front();
      if (front?.kind === 'palette') front.store.complete();
    },
    erase: (what) => line()?.set(what === 'line' ? '' : [...(line()?.text() ?? '')].slice(0, -1).join('')),
    type: (text) => line()?.set(`${line()?.text() ?? ''}${text}`),
    goBack,
    suspend: deps.onSuspend,
    quit: deps.onQuit,
  };
}
