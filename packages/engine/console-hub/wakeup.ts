/** Tells any number of readers that there may be something new. Keeps nothing for them: each reads at its own pace. */
export interface Wakeup {
  /** Counts up at each wake. Take it before reading, and wait for another one after. */
  version(): number;
  wake(): void;
  /** Resolves once the version is another than `seen`, or at the abort; never rejects. */
  wait(seen: number, options: { signal: AbortSignal }): Promise<void>;
}

export function createWakeup(): Wakeup {
  let version = 0;
  const sleepers = new Set<() => void>();
  return {
    version: () => version,
    wake() {
      version += 1;
      const woken = [...sleepers];
      sleepers.clear();
      for (const resume of woken) resume();
    },
    wait(seen, { signal }) {
      if (seen !== version || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const resume = () => {
          sleepers.delete(resume);
          signal.removeEventListener('abort', resume);
          resolve();
        };
        sleepers.add(resume);
        signal.addEventListener('abort', resume, { once: true });
      });
    },
  };
}
