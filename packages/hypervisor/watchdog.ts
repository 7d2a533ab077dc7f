import type { Clock } from './clock.ts';

/** One timer for all VMs, armed only while there are any: a hundred idle VMs must not wake the agent a hundred times. */
export type Watchdog = { join(onTick: () => void): Disposable };

export function createWatchdog({ clock, everyMs = 5000 }: { clock: Clock; everyMs?: number }): Watchdog {
  const members = new Set<() => void>();
  let timer: Disposable | null = null;

  const arm = (): void => {
    timer = clock.after(everyMs, () => {
      timer = null;
      for (const onTick of [...members]) onTick();
      if (members.size > 0) arm();
    });
  };

  return {
    join(onTick) {
      members.add(onTick);
      if (timer === null) arm();
      return {
        [Symbol.dispose]() {
          members.delete(onTick);
          if (members.size > 0) return;
          timer?.[Symbol.dispose]();
          timer = null;
        },
      };
    },
  };
}
