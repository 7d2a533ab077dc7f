import { EmbeddedTerminalRenderable, KeyEvent } from '@opentui/core';

/** What OpenTUI 0.5.12 has and does not show: the emulator's own scrolling. */
type Inner = { lib: { embeddedTerminalScroll(handle: unknown, rows: number): void }; handle: unknown };

/** OpenTUI's terminal emulator with function keys, Alt and scrolling, which 0.5.12 lacks. */
export class GuestTerminal extends EmbeddedTerminalRenderable {
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

  /** The keymap decides what becomes of a key, and when; see console-keys.ts. */
  override handleKeyPress(): boolean {
    return false;
  }

  /** Negative: into the past. */
  scrollRows(rows: number): void {
    const inner = this as unknown as Inner;
    if (!inner.handle || rows === 0) return;
    inner.lib.embeddedTerminalScroll(inner.handle, rows);
    this.requestRender();
  }
}
