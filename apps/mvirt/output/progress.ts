import type { Io } from '../cli/invocation.ts';
import { printable } from './table.ts';
import { size } from './vm-lines.ts';

/** How far something is, in one line of a terminal's standard error; elsewhere nothing is said. Disposed: the line is gone. */
export type Progress = Disposable & {
  /** totalBytes null: not known. */
  moved(bytes: number, totalBytes: number | null): void;
  say(text: string): void;
  clear(): void;
};

const drawMs = 100;
const barCells = 20;
/** The speed is that of the last seconds. */
const speedMs = 3000;

export function createProgress({ stderr, stdout }: Pick<Io, 'stderr' | 'stdout'>, what: string, nowMs: () => number = Date.now): Progress {
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let shown = false;
  const marks: { atMs: number; bytes: number }[] = [];
  const draw = (text: string): void => {
    stderr.write(`\r\x1b[K${printable(`${what}: ${text}`).slice(0, Math.max(1, stdout.columns - 1))}`);
    shown = true;
  };
  const clear = (): void => {
    if (shown) stderr.write('\r\x1b[K');
    shown = false;
  };
  return {
    moved(bytes, totalBytes) {
      const now = nowMs();
      if (!stderr.isTerminal || (now - drawnAtMs < drawMs && bytes !== totalBytes)) return;
      drawnAtMs = now;
      marks.push({ atMs: now, bytes });
      while (marks.length > 2 && (marks[0]?.atMs ?? now) < now - speedMs) marks.shift();
      draw(progressText({ bytes, totalBytes, bytesPerSecond: speed(marks) }));
    },
    say(text) {
      if (stderr.isTerminal) draw(text);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

function speed(marks: readonly { atMs: number; bytes: number }[]): number | null {
  const [first, last] = [marks[0], marks.at(-1)];
  if (!first || !last || last.atMs <= first.atMs) return null;
  return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
}

export function progressText({ bytes, totalBytes, bytesPerSecond }: { bytes: number; totalBytes: number | null; bytesPerSecond: number | null }): string {
  const rate = bytesPerSecond === null ? '' : `, ${size(Math.max(0, bytesPerSecond))}/s`;
  if (totalBytes === null || totalBytes === 0) return `${size(bytes)}${rate}`;
  const part = Math.min(1, bytes / totalBytes);
  const full = Math.floor(part * barCells);
  return `[${'#'.repeat(full)}${'-'.repeat(barCells - full)}] ${Math.floor(part * 100)}% of ${size(totalBytes)}${rate}`;
}
