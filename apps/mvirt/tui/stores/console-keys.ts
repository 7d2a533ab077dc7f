import type { KeyEvent } from '@opentui/core';
import { createSignal } from 'solid-js';
import { type PrefixState, prefixStep } from '../keymap/console-prefix.ts';
import { keyName } from '../keymap/key-name.ts';
import type { Ui } from './ui.ts';

/** The emulator, as far as keys need it. */
export type KeyTerminal = {
  height: number;
  encodeKey: (key: KeyEvent) => Uint8Array;
  encodePaste: (bytes: Uint8Array) => Uint8Array;
  scrollRows: (rows: number) => void;
};

export type ConsoleKeys = ReturnType<typeof createConsoleKeys>;

/** More rows than any scrollback has. */
const wholeScrollback = 10_000_000;

/** What keys do in the console pane: the prefix, scrolling back, and typing to the guest. */
export function createConsoleKeys(ui: Ui) {
  const [prefix, setPrefix] = createSignal<PrefixState>('idle');
  const [scrolling, setScrolling] = createSignal(false);
  let terminal: KeyTerminal | null = null;
  let heldPrefix: KeyEvent | null = null;
  /** Once something was typed, no key but the prefix leaves: a guest that ends while its user types must not turn typing into commands. */
  let typed = false;

  const canType = (): boolean => ui.connected() && (ui.vms.selected()?.state ?? 'stopped') !== 'stopped';

  function toBottom(): void {
    terminal?.scrollRows(wholeScrollback);
    setScrolling(false);
  }

  function leave(): void {
    toBottom();
    setPrefix('idle');
    typed = false;
    ui.setFocus('list');
  }

  function send(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    const vm = ui.vms.selected();
    if (!canType()) {
      ui.say(
        ui.connected() ? `${vm?.name ?? 'the VM'} is stopped: its console takes no keys; ^a t leaves` : 'the agent cannot be reached: keys are not sent',
        'warning',
      );
      return;
    }
    typed = true;
    toBottom();
    if (!ui.consoles.write(bytes)) ui.say('the console takes no more keys for now: what was typed last is lost', 'bad');
  }

  function scroll(key: string): void {
    const page = Math.max(1, (terminal?.height ?? 2) - 1);
    const rows: Record<string, number> = { up: -1, down: 1, j: 1, pageup: -page, pagedown: page, g: -wholeScrollback, home: -wholeScrollback };
    if (key === 'escape' || key === 'q' || key === 'G' || key === 'end' || key === 'enter') toBottom();
    else terminal?.scrollRows(rows[key] ?? 0);
  }

  function press(event: KeyEvent): void {
    const key = keyName(event);
    if (scrolling() && prefix() === 'idle' && key !== 'ctrl+a') {
      scroll(key);
      return;
    }
    if (prefix() === 'idle' && !typed && !canType() && (key === 'tab' || key === 'shift+tab' || key === 'escape')) {
      leave();
      return;
    }
    const step = prefixStep(prefix(), key);
    const held = heldPrefix;
    heldPrefix = step.state === 'armed' ? event : null;
    setPrefix(step.state);
    switch (step.action.kind) {
      case 'none':
        return;
      case 'leave':
        leave();
        return;
      case 'zoom':
        ui.toggleZoom();
        return;
      case 'scroll':
        setScrolling(true);
        return;
      case 'send':
        if (step.action.withPrefix && held !== null) send(encode(held));
        if (step.action.key) send(encode(event));
        return;
    }
  }

  const encode = (event: KeyEvent): Uint8Array => terminal?.encodeKey(event) ?? new Uint8Array();

  return {
    armed: () => prefix() === 'armed',
    scrolling,
    canType,
    press,
    paste: (bytes: Uint8Array): void => {
      if (terminal !== null) send(terminal.encodePaste(bytes));
    },
    attach(to: KeyTerminal): void {
      terminal = to;
      typed = false;
      setScrolling(false);
      setPrefix('idle');
    },
    detach(): void {
      terminal = null;
    },
  };
}
