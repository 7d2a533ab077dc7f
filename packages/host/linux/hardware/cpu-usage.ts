/** Ticks of one logical CPU since boot. */
export type CpuTicks = { busy: number; total: number };

/** The lines `cpuN` of /proc/stat (proc(5)), by N. guest time is in user already. */
export function parseCpuTicks(text: string): Map<number, CpuTicks> {
  return new Map(
    [...text.matchAll(/^cpu(\d+) ([\d ]+)$/gm)].map(([, id = '', figures = '']) => {
      const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = figures.split(' ').map(Number);
      const busy = user + nice + system + irq + softIrq + steal;
      return [Number(id), { busy, total: busy + idle + ioWait }];
    }),
  );
}

/** 0 to 100. A CPU that was not there before has its figure since boot; ioWait may go back, and a figure never leaves its range. */
export function usagePercent(now: CpuTicks, before: CpuTicks = { busy: 0, total: 0 }): number {
  const total = now.total - before.total;
  if (total <= 0) return 0;
  return Math.min(100, Math.max(0, ((now.busy - before.busy) / total) * 100));
}

type Sample = { atMs: number; ticks: Map<number, CpuTicks> };

/** What each CPU did between two samples. */
export interface CpuSampler {
  sample(): Promise<{ now: Map<number, CpuTicks>; before: Map<number, CpuTicks> }>;
}

/** Figures over a longer time say nothing of now; over a shorter one a tick is too much. */
const longestMs = 10_000;
const shortestMs = 250;

export function createCpuSampler(deps: { read(): Promise<string | null>; nowMs(): number; sleep(ms: number): Promise<void> }): CpuSampler {
  let last: Sample | null = null;
  const take = async (): Promise<Sample> => ({ atMs: deps.nowMs(), ticks: parseCpuTicks((await deps.read()) ?? '') });
  return {
    async sample() {
      let now = await take();
      let before = last;
      if (before === null || now.atMs - before.atMs > longestMs || now.atMs - before.atMs < shortestMs) {
        before = now;
        await deps.sleep(shortestMs);
        now = await take();
      }
      last = now;
      return { now: now.ticks, before: before.ticks };
    },
  };
}
