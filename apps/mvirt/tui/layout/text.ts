const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|[ -/]*[0-~])?/g;
// Controls, line and paragraph separators, direction overrides, invisible joiners and fillers: each can break a frame or lie about a name.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\u115f\u1160\u3164\uffa0]|\p{Variation_Selector}|\u034f/gu;
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text that may stand in a frame: no escape sequence, control character or invisible one; a tab is a space. */
export function plainText(text: string): string {
  return text.replaceAll('\t', ' ').replace(escapes, '').replace(unsafe, '').replace(loneSurrogate, '\ufffd');
}

/** Cells that plain text takes on screen. */
export const cellWidth = (text: string): number => Bun.stringWidth(text);

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const ascii = /^[\x20-\x7e]*$/;

/** The longest beginning of plain text that takes at most `width` cells; what was cut off shows as `…`. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (ascii.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (cellWidth(text) <= width) return text;
  return width === 1 ? '…' : `${beginning(text, width - 1)}…`;
}

/** Exactly `width` cells of plain text: cut or padded. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, width);
  const gap = ' '.repeat(Math.max(0, width - cellWidth(short)));
  return align === 'left' ? short + gap : gap + short;
}

/** Plain text in lines of at most `width` cells, broken at spaces where possible. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (cellWidth(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (cellWidth(line) > room) {
      // A single character wider than the room stands alone: the row cuts it.
      const head = beginning(line, room) || line.slice(0, 1);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

function beginning(text: string, width: number): string {
  let used = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    used += cellWidth(segment);
    if (used > width) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
