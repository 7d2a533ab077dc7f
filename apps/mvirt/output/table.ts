export type Cell = { text: string; paint?: (text: string) => string; right?: boolean };

/** Columns as wide as their widest cell, two blanks apart; the last one is not padded. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = head.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column]?.text ?? ''))));
  const rightAligned = head.map((_, column) => rows.some((row) => row[column]?.right));
  const line = (cells: readonly Cell[]): string =>
    cells
      .map((cell, column) => {
        const gap = ' '.repeat((widths[column] ?? 0) - width(cell.text));
        const text = cell.paint ? cell.paint(cell.text) : cell.text;
        if (rightAligned[column]) return gap + text;
        return column === cells.length - 1 ? text : text + gap;
      })
      .join('  ')
      .trimEnd();
  return `${[line(head.map((title) => ({ text: title }))), ...rows.map(line)].join('\n')}\n`;
}

const width = (text: string): number => Bun.stringWidth(text);

/** Text of others (names, guests' output) without control characters, so that it cannot steer the terminal. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
