import type { KeyEvent } from '@opentui/core';
import { batch } from 'solid-js';
import { commandOf } from '../keymap/command.ts';
import { keyName, keyText } from '../keymap/key-name.ts';
import { typing } from '../keymap/mode.ts';
import type { ConsoleKeys } from './console-keys.ts';
import type { Ui } from './ui.ts';

export type Keyboard = {
  /** True: the key was dealt with, and no field may have it. */
  press: (event: KeyEvent) => boolean;
  /** True: dealt with. */
  paste: (bytes: Uint8Array) => boolean;
};

/** Where each key goes: to the guest, to a command, or as text to what is being typed into. */
export function createKeyboard(ui: Ui, deps: { console: ConsoleKeys }): Keyboard {
  return {
    press(event) {
      return batch(() => {
        const mode = ui.mode();
        if (mode === 'console') {
          deps.console.press(event);
          return true;
        }
        const command = commandOf(ui.commands, keyName(event), mode);
        if (command !== null) {
          ui.run(command, ui.view());
          return true;
        }
        if (!typing.has(mode)) return true;
        const front = ui.dialogs.front();
        // A form's field takes its own keys; on a button there is no field.
        if (front?.kind === 'form') return front.store.field() === null;
        const text = keyText(event);
        if (text !== null) ui.actions.type(text);
        return true;
      });
    },
    paste(bytes) {
      const mode = ui.mode();
      if (mode === 'form') return false;
      if (mode === 'console') deps.console.paste(bytes);
      else if (typing.has(mode)) ui.actions.type(new TextDecoder().decode(bytes).split(/[\r\n]/)[0] ?? '');
      return true;
    },
  };
}
