import { MvirtError } from '@mvirt/domain';

/** Orders what is done to one VM. No task waits for a guest: each ends by a deadline of its own. */
export interface VmQueue {
  /** Runs after all that was queued before. keep: neither dropped nor aborted by overtake. @throws TOO_MANY */
  run<T>(task: (signal: AbortSignal) => Promise<T>, options?: { keep?: boolean }): Promise<T>;
  /** Aborts what runs and drops what waits: a kill, or the power is to be cut. */
  overtake(reason: MvirtError): void;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

type Job = { keep: boolean; controller: AbortController; start: () => Promise<void>; drop: (reason: unknown) => void };

const defaultLimit = 64;

export function createVmQueue(limit = defaultLimit): VmQueue {
  let waiting: Job[] = [];
  let running: Job | null = null;
  const idlers: (() => void)[] = [];

  const next = (): void => {
    if (running !== null) return;
    const job = waiting.shift() ?? null;
    running = job;
    if (job === null) {
      for (const resolve of idlers.splice(0)) resolve();
      return;
    }
    void job.start().finally(() => {
      running = null;
      next();
    });
  };

  return {
    run<T>(task: (signal: AbortSignal) => Promise<T>, { keep = false } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      if (waiting.length >= limit && !keep) {
        reject(new MvirtError({ code: 'TOO_MANY', message: `${limit} operations wait for this VM already` }));
        return promise;
      }
      const controller = new AbortController();
      // Settles in any case: the outcome goes to the caller only.
      const start = async () => {
        try {
          resolve(await task(controller.signal));
        } catch (thrown) {
          reject(controller.signal.aborted ? controller.signal.reason : thrown);
        }
      };
      waiting.push({ keep, controller, start, drop: reject });
      next();
      return promise;
    },
    overtake(reason) {
      const dropped = waiting.filter((job) => !job.keep);
      waiting = waiting.filter((job) => job.keep);
      for (const job of dropped) job.drop(reason);
      if (running !== null && !running.keep) running.controller.abort(reason);
    },
    idle() {
      if (running === null && waiting.length === 0) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      idlers.push(resolve);
      return promise;
    },
  };
}
