import type { ProcessIdentity } from '@mvirt/domain';
import type { Processes, SignalName } from '@mvirt/host';

export type FakeProcess = {
  cwd: string;
  /** What a signal does to it; SIGKILL has ended it already when this is called. */
  onSignal?: (signal: SignalName) => void;
};

/** Processes that exist in memory only; shared by a fake hypervisor, which starts them, and a fake host, which judges them. */
export type FakeProcesses = Processes & {
  start(process: FakeProcess): ProcessIdentity;
  /** The process ends by itself: it is gone before those who watch it are told. */
  end(identity: ProcessIdentity): void;
  alive(): ProcessIdentity[];
  /** Files that another process holds open, by path. */
  holders: Map<string, { pid: number; command: string }[]>;
};

type Entry = FakeProcess & { identity: ProcessIdentity; watchers: Set<() => void> };

export function createFakeProcesses(bootId = '00000000-0000-4000-8000-000000000001'): FakeProcesses {
  const living = new Map<number, Entry>();
  const holders: FakeProcesses['holders'] = new Map();
  // Far above any pid_max: a defect that signals one of these for real hits nobody.
  let nextPid = 0x4000_0001;
  let ticks = 1000;

  const find = (identity: ProcessIdentity): Entry | null => {
    const entry = living.get(identity.pid);
    if (!entry || identity.bootId !== bootId || entry.identity.startTicks !== identity.startTicks) return null;
    return entry;
  };

  const end = (identity: ProcessIdentity): void => {
    const entry = find(identity);
    if (!entry) return;
    living.delete(identity.pid);
    for (const watcher of [...entry.watchers]) queueMicrotask(watcher);
    entry.watchers.clear();
  };

  return {
    bootId,
    holders,
    start(process) {
      const identity = { pid: nextPid++, startTicks: ticks++, bootId };
      living.set(identity.pid, { ...process, identity, watchers: new Set() });
      return identity;
    },
    end,
    alive: () => [...living.values()].map((entry) => entry.identity),
    identify: (pid) => living.get(pid)?.identity ?? null,
    isAlive: (identity) => find(identity) !== null,
    signal(identity, signal) {
      const entry = find(identity);
      if (!entry) return 'gone';
      if (signal === 'SIGKILL') end(identity);
      entry.onSignal?.(signal);
      return 'sent';
    },
    onEnd(identity, callback) {
      const entry = find(identity);
      let disposed = false;
      const once = () => {
        if (!disposed) callback();
        disposed = true;
      };
      if (entry) entry.watchers.add(once);
      else queueMicrotask(once);
      return {
        [Symbol.dispose]() {
          disposed = true;
          entry?.watchers.delete(once);
        },
      };
    },
    findByCwd: (directory) => [...living.values()].filter((entry) => entry.cwd === directory).map((entry) => entry.identity),
    holdersOf: (path) => holders.get(path) ?? [],
  };
}
