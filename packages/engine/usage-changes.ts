import { bytesPerMib, type VmId } from '@mvirt/domain';
import type { UsageReading, VmUsage } from './services.ts';

/** What is new in the running VMs' figures since a reading, so that whoever asks again is not told of a thousand idle VMs each time. */
export function createUsageChanges() {
  let entries = new Map<VmId, { usage: VmUsage; sinceReading: number }>();
  let reading = 0;
  /** Whoever knows only an older reading, of another agent perhaps, is told everything: a VM has gone since. */
  let wholeBefore = 0;
  return {
    /** Readings are numbered by the clock, so that one of an agent before this one is older. */
    take(figures: readonly VmUsage[], nowMs: number): void {
      const number = Math.max(reading + 1, Math.ceil(nowMs));
      const next: typeof entries = new Map();
      let changed = false;
      for (const usage of figures) {
        const before = entries.get(usage.id);
        const same = before !== undefined && looksSame(before.usage, usage);
        if (!same) changed = true;
        next.set(usage.id, same ? before : { usage, sinceReading: number });
      }
      const gone = reading === 0 || [...entries.keys()].some((id) => !next.has(id));
      entries = next;
      if (gone) wholeBefore = number;
      if (gone || changed) reading = number;
    },
    since(known: number | null): UsageReading {
      const whole = known === null || known < wholeBefore || known > reading;
      const told = [...entries.values()].filter((entry) => whole || entry.sinceReading > known);
      return { reading, whole, figures: told.map(({ usage }) => usage) };
    },
  };
}

/** To whole percents and MiB, as people are shown them. */
function looksSame(before: VmUsage, after: VmUsage): boolean {
  return percent(before) === percent(after) && mib(before) === mib(after);
}

const percent = ({ cpuPercent }: VmUsage): number | null => (cpuPercent === null ? null : Math.round(cpuPercent));
const mib = ({ rssBytes }: VmUsage): number => Math.round(rssBytes / bytesPerMib);
