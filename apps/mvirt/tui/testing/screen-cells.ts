/** How one cell of a screen looks. Colours: `default`, an index of the 256, or `r,g,b`. */
export type Look = { fg: string; bg: string; attributes: string };
/** A row's stretches of cells that look the same. */
export type Run = Look & { text: string };

const attributeCodes: Record<number, string> = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 5: 'blink', 7: 'inverse', 9: 'strike' };
const off: Record<number, string[]> = { 22: ['bold', 'dim'], 23: ['italic'], 24: ['underline'], 25: ['blink'], 27: ['inverse'], 29: ['strike'] };

const lineDrawing: Record<string, string> = { j: '┘', k: '┐', l: '┌', m: '└', n: '┼', q: '─', t: '├', u: '┤', v: '┴', w: '┬', x: '│' };

/** Reads rows of text with SGR sequences, as tmux captures them; looks go on from row to row. */
export function readStyledRows(text: string): Run[][] {
  let fg = 'default';
  let bg = 'default';
  let attributes = new Set<string>();
  let drawing = false;
  /** tmux captures the DEC line drawing set as its letters between SO and SI. */
  const drawn = (text: string): string => {
    let found = '';
    for (const letter of text) {
      if (letter === '\u000e' || letter === '\u000f') drawing = letter === '\u000e';
      else found += (drawing ? lineDrawing[letter] : undefined) ?? letter;
    }
    return found;
  };
  const apply = (codes: number[]): void => {
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] ?? 0;
      const extended = (): string => {
        if (codes[at + 1] === 5) {
          at += 2;
          return String(codes[at]);
        }
        at += 4;
        return codes.slice(at - 2, at + 1).join(',');
      };
      if (code === 0) {
        fg = 'default';
        bg = 'default';
        attributes = new Set();
      } else if (code === 38) fg = extended();
      else if (code === 48) bg = extended();
      else if (code === 39) fg = 'default';
      else if (code === 49) bg = 'default';
      else if (code >= 30 && code <= 37) fg = String(code - 30);
      else if (code >= 90 && code <= 97) fg = String(code - 82);
      else if (code >= 40 && code <= 47) bg = String(code - 40);
      else if (code >= 100 && code <= 107) bg = String(code - 92);
      else if (attributeCodes[code] !== undefined) attributes.add(attributeCodes[code]);
      else for (const name of off[code] ?? []) attributes.delete(name);
    }
  };
  return text.split('\n').map((row) => {
    const runs: Run[] = [];
    for (const [, codes, plain] of row.matchAll(/\u001b\[([0-9;:]*)m|([^\u001b]+)/g)) {
      if (plain === undefined) apply((codes === '' ? '0' : (codes ?? '0')).split(/[;:]/).map(Number));
      else runs.push({ text: drawn(plain), fg, bg, attributes: [...attributes].sort().join(' ') });
    }
    return runs;
  });
}

/** Neighbours that look the same are one. */
export function joined(runs: Run[]): Run[] {
  const found: Run[] = [];
  for (const run of runs) {
    const last = found.at(-1);
    if (last !== undefined && last.fg === run.fg && last.bg === run.bg && last.attributes === run.attributes) last.text += run.text;
    else found.push({ ...run });
  }
  return found;
}
