import type { Vm } from '@mvirt/api/schema';
import type { PaneName } from '../layout/screen-layout.ts';
import type { AgentAction } from '../stores/agent.ts';
import type { Part } from './command.ts';

export type Step = 'line' | 'page' | 'end';
export type Direction = -1 | 1;

/** All that commands do to the UI. Each returns at once: what the agent has to do with goes on by itself. */
export type Actions = {
  /** Done to each of them at once. */
  act: (action: AgentAction, vms: readonly Vm[]) => void;
  /** Asks first, naming what is lost. */
  confirm: (action: 'kill' | 'delete', vms: readonly Vm[]) => void;
  detach: (vm: Vm, part: Part) => void;
  /** Gives the terminal to ssh until it ends. */
  ssh: (vm: Vm) => void;
  openForm: (form: { kind: 'create' } | { kind: 'set' | 'attach-disk' | 'attach-nic'; vm: Vm }) => void;
  openDetails: (vm: Vm) => void;
  openPalette: () => void;
  openHelp: () => void;
  focus: (pane: PaneName) => void;
  cycleFocus: (direction: Direction) => void;
  toggleZoom: () => void;
  /** In whatever is in front: by a row, by what fits on it, or to its end. */
  move: (by: Step, direction: Direction) => void;
  startFilter: () => void;
  sortNext: () => void;
  sortReverse: () => void;
  toggleMark: () => void;
  toggleAllMarks: () => void;
  startSearch: () => void;
  searchStep: (direction: Direction) => void;
  toggleWrap: () => void;
  copy: (what: 'seen' | 'all') => void;
  /** In whatever is in front: as Enter, Esc, Tab, Backspace and the like do there. */
  accept: () => void;
  cancel: () => void;
  answer: (yes: boolean) => void;
  step: (direction: Direction) => void;
  submit: () => void;
  complete: () => void;
  browse: () => void;
  erase: (what: 'character' | 'line') => void;
  goBack: () => void;
  suspend: () => void;
  quit: () => void;
};
