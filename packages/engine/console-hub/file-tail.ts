import type { Clock } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';

/** In ms. A tail is quick at the first change, and cheaper while changes go on. */
export type TailTiming = {
  /** Between looks after a change. */
  busyMs: number;
  /** Between looks once the file has been growing for a while. */
  steadyMs: number;
  /** Without a change for so long, the kernel's watch takes over. */
  quietMs: number;
  /** Behind the watch, which may miss the last event of a burst. */
  slowMs: number;
  /** Between looks while an answer is awaited. */
  hurriedMs?: number;
};

export const defaultTailTiming: TailTiming = { busyMs: 3, steadyMs: 30, quietMs: 30, slowMs: 500, hurriedMs: 1 };

/** hurry: an answer is awaited, such as a key's echo. */
export type FileTail = Disposable & { hurry(): void };

export type FileTailDeps = {
  files: Pick<HostFiles, 'watch'>;
  clock: Pick<Clock, 'after'>;
  path: string;
  timing?: TailTiming;
  /** Looks at the file; true: it changed since the last look. Never throws. */
  look: () => boolean;
};

const looksUntilSteady = 25;
/** A guest that echoes does so within these. */
const hurriedLooks = 15;

/**
 * Looks at a file soon after it changes. Idle, it hangs on the kernel's watch; once woken it drops the watch (one event
 * per write would cost more than the reading) and polls until the file is quiet again.
 */
export function createFileTail({ files, clock, path, timing = defaultTailTiming, look }: FileTailDeps): FileTail {
  let watcher: Disposable | null = null;
  let timer: Disposable | null = null;
  let closed = false;
  let changes = 0;
  let quietForMs = 0;
  let following = false;
  let hurried = 0;

  const wait = (ms: number, next: () => void) => {
    timer?.[Symbol.dispose]();
    timer = closed ? null : clock.after(ms, next);
  };
  const unwatch = () => {
    watcher?.[Symbol.dispose]();
    watcher = null;
  };
  const tryWatch = () => {
    try {
      watcher = files.watch(path, wake);
    } catch {
      // Not there yet, or no watch to be had: the slow poll finds it.
    }
  };
  const idle = () => {
    if (closed) return;
    following = false;
    tryWatch();
    // What came between the last look and the watch.
    if (look()) return follow();
    wait(timing.slowMs, poll);
  };
  const poll = () => {
    if (look()) return follow();
    if (watcher === null) return idle();
    wait(timing.slowMs, poll);
  };
  const wake = () => {
    if (watcher === null || closed) return;
    look();
    follow();
  };
  const follow = () => {
    unwatch();
    following = true;
    changes = 0;
    quietForMs = 0;
    wait(pauseMs(), step);
  };
  const pauseMs = (): number => {
    const { busyMs, steadyMs, hurriedMs = busyMs } = timing;
    if (hurried === 0) return changes < looksUntilSteady ? busyMs : steadyMs;
    hurried -= 1;
    return hurriedMs;
  };
  const step = () => {
    const pause = pauseMs();
    if (look()) {
      changes += 1;
      quietForMs = 0;
    } else {
      changes = 0;
      quietForMs += pause;
      if (quietForMs >= timing.quietMs) return idle();
    }
    wait(pause, step);
  };

  idle();
  return {
    hurry() {
      const isHurried = hurried > 0;
      hurried = hurriedLooks;
      // Where the kernel watches, it tells at once. A look that is close is not put off: keys may come faster than it.
      if (following && !isHurried) wait(pauseMs(), step);
    },
    [Symbol.dispose]() {
      closed = true;
      unwatch();
      timer?.[Symbol.dispose]();
      timer = null;
    },
  };
}
