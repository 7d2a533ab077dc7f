import { type EmbeddedTerminalOptions, EmbeddedTerminalRenderable, KeyEvent, type MouseEvent, type RenderContext } from '@opentui/core';
import { type GuestColours, setGuestColours } from '../theme/guest-colours.ts';
import { settled } from './settled.ts';

/** As many as the emulator itself scrolls at a turn of the wheel. */
const wheelRows = 3;

/** What OpenTUI 0.5.12 has and does not show: the emulator's scrolling, and what it answers when. */
type Inner = {
  lib: {
    embeddedTerminalScroll(handle: unknown, rows: number): void;
    embeddedTerminalWrite(handle: unknown, bytes: Uint8Array): void;
    embeddedTerminalDrainResponses(handle: unknown): Uint8Array;
  };
  handle: unknown;
};

/** Of the emulator's past: about 18,000 rows of 48 columns, 4,000 of 200 (OpenTUI 0.5.12, measured). What is older is in the agent's file. */
const scrollbackBytes = 8_000_000;

/** OpenTUI's terminal emulator with function keys, Alt, scrolling, answers and colours, which 0.5.12 lacks. */
export class GuestTerminal extends EmbeddedTerminalRenderable {
  #colours = '';
  #pressed = false;

  /** Solid makes elements with nothing but an id, and sets the rest afterwards: what only a constructor takes is given here. */
  constructor(ctx: RenderContext, options: EmbeddedTerminalOptions & { colours?: GuestColours }) {
    super(ctx, { maxScrollback: scrollbackBytes, ...options });
  }

  set colours(value: GuestColours) {
    this.#colours = setGuestColours(value);
    this.write(this.#colours);
  }

  override encodeKey(key: KeyEvent): Uint8Array {
    const mended = new KeyEvent(key);
    // Without a code, function keys are encoded as nothing; and Alt is taken for Super.
    if (/^f([1-9]|1\d|2[0-4])$/.test(key.name)) mended.code = key.name.toUpperCase();
    if (key.meta) {
      mended.option = true;
      mended.meta = false;
    }
    return super.encodeKey(mended);
  }

  /** A guest's program that asked for the mouse gets it only in a console that is typed into; elsewhere a click is ours, and the wheel scrolls. */
  override processMouseEvent(event: MouseEvent): void {
    if (event.type === 'down') this.#pressed = this.focused;
    // The end of the click that brought the focus is not the guest's either.
    const ours = ['up', 'drag', 'drag-end'].includes(event.type) ? !this.#pressed : !this.focused;
    if (!ours) {
      super.processMouseEvent(event);
      return;
    }
    const direction = event.type === 'scroll' ? event.scroll?.direction : undefined;
    if (direction === 'up' || direction === 'down') this.scrollRows(direction === 'up' ? -wheelRows : wheelRows);
    else this.parent?.processMouseEvent(event);
  }

  /** The keymap decides what becomes of a key, and when; see console-keys.ts. */
  override handleKeyPress(): boolean {
    return false;
  }

  /** Shows one question of the guest's program and says what a terminal answers; empty: nothing. */
  ask(bytes: Uint8Array, question: string): Uint8Array {
    const inner = this as unknown as Inner;
    if (!inner.handle) return new Uint8Array();
    inner.lib.embeddedTerminalWrite(inner.handle, bytes);
    const answer = inner.lib.embeddedTerminalDrainResponses(inner.handle);
    this.requestRender();
    return answer.byteLength > 0 ? answer : ascii(this.#ownAnswer(question));
  }

  /** Takes back what a guest that is gone may have set. */
  settle(): void {
    this.write(settled + this.#colours);
  }

  /** Negative: into the past. */
  scrollRows(rows: number): void {
    const inner = this as unknown as Inner;
    if (!inner.handle || rows === 0) return;
    inner.lib.embeddedTerminalScroll(inner.handle, rows);
    this.requestRender();
  }

  /** What the emulator leaves open: it is a VT220 with colours (as its makers' own terminal says), and where its cursor is in DEC's form. */
  #ownAnswer(question: string): string {
    if (/^\u001b(?:\[0?c|Z)$/.test(question)) return '\u001b[?62;22c';
    if (/^\u001b\[>0?c$/.test(question)) return '\u001b[>1;10;0c';
    if (question === '\u001b[18t') return `\u001b[8;${this.height};${this.width}t`;
    if (question === '\u001b[?6n') return text(this.ask(ascii('\u001b[6n'), '\u001b[6n')).replace('[', '[?');
    return '';
  }
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
