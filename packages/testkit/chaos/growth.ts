import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How much a figure grows from one measurement to the next, by least squares: single outliers do not decide. */
export function slopeOf(figures: readonly number[]): number {
  const middle = (figures.length - 1) / 2;
  const mean = figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
  const [covariance, variance] = figures.reduce<[number, number]>(
    ([above, below], figure, index) => [above + (index - middle) * (figure - mean), below + (index - middle) ** 2],
    [0, 0],
  );
  return variance === 0 ? 0 : covariance / variance;
}

/** What a process holds open, each by its kind or path, in order. */
export function descriptorsOf(pid: number | 'self'): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`).replace(/:\[\d+\]$/, '')];
      } catch {
        return []; // closed while we looked, as the one that lists the folder
      }
    })
    .toSorted();
}

/** What a process has in memory, of /proc/PID/status. */
export const residentBytes = (pid: number | 'self'): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
