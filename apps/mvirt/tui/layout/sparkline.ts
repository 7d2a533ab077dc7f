const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The last `width` figures as bars, the newest at the right; `full` is a whole bar. Blank where there is none yet. */
export function sparkline(figures: readonly number[], width: number, full: number): string {
  const shown = figures.slice(Math.max(0, figures.length - width));
  const text = shown.map((figure) => bars[Math.min(bars.length - 1, Math.max(0, Math.floor((figure / full) * bars.length)))] ?? '').join('');
  return text.padStart(width);
}
