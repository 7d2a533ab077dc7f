import type { KeyEvent } from '@opentui/core';
import { batch } from 'solid-js';
import { commandOf } from '../keymap/command.ts';
import { keyName, keyText } from '../keymap/key-name.ts';
import type { ConsoleKeys } from './console-keys.ts';
import type { Ui } from './ui.ts';

export type Keyboard = {
  /** True: the key was dealt with, and no field may have it. */
  press: (event: KeyEvent) => boolean;
  /** True: dealt with. */
  paste: (bytes: Uint8Array) => boolean;
};

/** Where each key goes: to the dialog, the filter, the guest, or a command. suspend: Ctrl-Z outside the console. */
export function createKeyboard(ui: Ui, deps: { console: ConsoleKeys; suspend: () => void; quit: () => void }): Keyboard {
  return {
    press(event) {
      return batch(() => {
        const dialog = ui.dialog();
        if (dialog === null && !ui.filtering() && ui.focus() === 'console') {
          deps.console.press(event);
          return true;
        }
        const key = keyName(event);
        if (key === 'ctrl+c') deps.quit();
        else if (key === 'ctrl+z') deps.suspend();
        else if (dialog?.kind === 'create') return createKey(ui, key);
        else if (dialog?.kind === 'confirm') confirmKey(ui, key);
        else if (dialog?.kind === 'help') helpKey(ui, key);
        else if (ui.filtering()) filterKey(ui, key, keyText(event));
        else commandKey(ui, key);
        return true;
      });
    },
    paste(bytes) {
      if (ui.dialog() !== null) return false;
      if (ui.filtering()) ui.vms.setFilter(ui.vms.filter() + new TextDecoder().decode(bytes).split(/[\r\n]/)[0]);
      else if (ui.focus() === 'console') deps.console.paste(bytes);
      return true;
    },
  };
}

function commandKey(ui: Ui, key: string): void {
  const view = ui.view();
  const command = commandOf(ui.commands, key, view);
  if (command === null) return;
  const reason = command.disabledReason(view);
  if (reason === null) command.run(view);
  else ui.say(`${command.hint ?? command.title}: ${reason}`, 'warning');
}

function helpKey(ui: Ui, key: string): void {
  const rows: Record<string, number> = { up: -1, down: 1, j: 1, pageup: -10, pagedown: 10 };
  const step = rows[key];
  if (step === undefined) ui.closeDialog();
  else ui.scrollHelp(step);
}

function confirmKey(ui: Ui, key: string): void {
  const dialog = ui.dialog();
  if (dialog?.kind !== 'confirm') return;
  if (key === 'y' || key === 'Y') {
    ui.closeDialog();
    ui.act(dialog.action, dialog.vm);
  } else if (key === 'n' || key === 'N' || key === 'escape' || key === 'q') {
    ui.closeDialog();
    ui.say(`${dialog.action}: not done`);
  }
}

function filterKey(ui: Ui, key: string, text: string | null): void {
  const filter = ui.vms.filter();
  if (key === 'enter') ui.setFiltering(false);
  else if (key === 'escape') {
    ui.setFiltering(false);
    ui.vms.setFilter('');
  } else if (key === 'backspace') ui.vms.setFilter([...filter].slice(0, -1).join(''));
  else if (key === 'ctrl+u') ui.vms.setFilter('');
  else if (key === 'up' || key === 'down') ui.vms.selectAt(ui.vms.index() + (key === 'up' ? -1 : 1));
  else if (text !== null) ui.vms.setFilter(filter + text);
}

/** The form's own keys; all others belong to the field. */
function createKey(ui: Ui, key: string): boolean {
  const { create } = ui;
  switch (key) {
    case 'escape':
      ui.closeDialog();
      return true;
    // A terminal that cannot tell Ctrl+Enter from Enter may send it as Ctrl+J.
    case 'ctrl+enter':
    case 'ctrl+j':
      create.submit();
      return true;
    case 'enter':
      if (create.onButton()) create.submit();
      else create.step(1);
      return true;
    case 'tab':
    case 'down':
      create.step(1);
      return true;
    case 'shift+tab':
    case 'up':
      create.step(-1);
      return true;
    default:
      return create.onButton();
  }
}
