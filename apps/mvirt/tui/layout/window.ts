/** The first visible row such that `index` is seen and as little as possible moves. */
export function windowTop(options: { top: number; index: number; rows: number; total: number }): number {
  const { index, rows, total } = options;
  const last = Math.max(0, total - rows);
  let top = Math.min(Math.max(0, options.top), last);
  if (index < 0) return top;
  if (index < top) top = index;
  if (rows > 0 && index >= top + rows) top = index - rows + 1;
  return Math.min(Math.max(0, top), Math.max(last, 0));
}
