/** The part of a key event that names it; OpenTUI's KeyEvent has it. */
export type KeyPress = { name: string; ctrl: boolean; meta: boolean; shift: boolean; option?: boolean; sequence: string };

const renamed: Record<string, string> = { return: 'enter', kpenter: 'enter', linefeed: 'ctrl+j' };

/** One name for one key: `a`, `S`, `?`, `enter`, `shift+tab`, `ctrl+a`, `alt+x`. A letter's or sign's shift is in the character. */
export function keyName(key: KeyPress): string {
  const base = renamed[key.name] ?? key.name;
  // Two presses at once look like Alt with Esc, which nobody means.
  if (base === 'escape') return base;
  const single = [...base].length === 1;
  const letter = single && key.shift && !key.ctrl ? base.toUpperCase() : base;
  const modifiers = [key.ctrl ? 'ctrl+' : '', key.meta || key.option ? 'alt+' : '', key.shift && !(single && !key.ctrl) ? 'shift+' : ''];
  return modifiers.join('') + letter;
}

/** The text that a key types into a field; null where it types none. */
export function keyText(key: KeyPress): string | null {
  if (key.ctrl || key.meta || key.option) return null;
  if (key.name === 'space') return ' ';
  const name = keyName(key);
  return [...name].length === 1 && name >= ' ' && name !== '\u007f' ? name : null;
}

const shown: Record<string, string> = {
  enter: '↵',
  escape: 'Esc',
  tab: 'Tab',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  space: 'Space',
  backspace: 'Backspace',
  f1: 'F1',
};

/** How a key is written for people: `^a`, `Shift-Tab`, `↵`. */
export function keyLabel(name: string): string {
  if (name.startsWith('ctrl+')) return `^${keyLabel(name.slice(5))}`;
  if (name.startsWith('shift+')) return `Shift-${keyLabel(name.slice(6))}`;
  if (name.startsWith('alt+')) return `Alt-${keyLabel(name.slice(4))}`;
  return shown[name] ?? name;
}
