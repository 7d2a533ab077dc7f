import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { epollEvent, type Libc } from './libc.ts';

/** Tells when a pidfd's process has ended. */
export interface EndWatch {
  /** Takes over the pidfd and closes it. The callback comes once, from the event loop, never from within this call. */
  add(pidfd: number, callback: () => void): Disposable;
}

/** Behind the thread, for the case that it could not be started. */
const pollMs = 2000;

/**
 * One thread for all processes: it sleeps in epoll_wait over their pidfds and posts a message when one becomes readable.
 * It runs while something is watched, wakes for nothing else, and does not keep the agent alive.
 */
export function createEndWatch(libc: Libc): EndWatch {
  const watched = new Map<number, { pidfd: number; callback: () => void }>();
  let thread: WatchThread | null = null;
  let lastKey = 0;

  const forget = (key: number) => {
    const entry = watched.get(key);
    if (entry === undefined) return null;
    watched.delete(key);
    thread?.remove(entry.pidfd);
    closeSync(entry.pidfd);
    if (watched.size === 0) {
      thread?.stop();
      thread = null;
    }
    return entry;
  };
  const ended = (keys: number[]) => {
    for (const key of keys) {
      const entry = forget(key);
      // One callback that throws must not lose the ends that came with it.
      if (entry !== null) queueMicrotask(entry.callback);
    }
  };

  return {
    add(pidfd, callback) {
      lastKey = (lastKey % 0xffff_fffe) + 1;
      const key = lastKey;
      watched.set(key, { pidfd, callback });
      thread ??= startThread(libc, ended);
      thread.add(pidfd, key);
      return { [Symbol.dispose]: () => void forget(key) };
    },
  };
}

type WatchThread = { add(pidfd: number, key: number): void; remove(pidfd: number): void; stop(): void };

const stopKey = 0;

function startThread(libc: Libc, ended: (keys: number[]) => void): WatchThread {
  const epoll = libc.epollCreate();
  const stopper = libc.eventfd();
  libc.epollAdd(epoll, stopper, stopKey);
  const worker = new Worker(threadSource, { eval: true, workerData: { epoll, stopKey, ...epollEvent } });
  worker.on('message', ended);
  // Without the thread, the poll below still finds every end.
  worker.on('error', () => {});
  worker.unref();
  const poll = setInterval(() => ended(libc.epollReady(epoll).filter((key) => key !== stopKey)), pollMs);
  poll.unref();
  let exited = false;
  let stopped = false;
  // The descriptors stay until nobody uses them: a thread that could not run leaves them to the poll.
  const release = () => {
    if (!exited || !stopped) return;
    closeSync(epoll);
    closeSync(stopper);
  };
  worker.once('exit', () => {
    exited = true;
    release();
  });
  return {
    add: (pidfd, key) => void libc.epollAdd(epoll, pidfd, key),
    remove: (pidfd) => void libc.epollRemove(epoll, pidfd),
    stop() {
      stopped = true;
      clearInterval(poll);
      libc.eventfdWrite(stopper);
      release();
    },
  };
}

// Source text, not a file: the one executable has no second entry point for a thread, and a blocked thread needs nothing of ours.
const threadSource = `
const { dlopen, read } = require('bun:ffi');
const { parentPort, workerData: { epoll, stopKey, bytes, keyAt } } = require('node:worker_threads');
const { symbols: c } = dlopen('libc.so.6', {
  epoll_wait: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
});
const interrupted = 4;
const events = new Uint8Array(bytes * 64);
const view = new DataView(events.buffer);
for (let running = true; running; ) {
  const count = c.epoll_wait(epoll, events, 64, -1);
  if (count < 0 && read.i32(c.__errno_location(), 0) !== interrupted) break;
  const keys = [];
  for (let index = 0; index < count; index++) keys.push(view.getUint32(index * bytes + keyAt, true));
  if (keys.includes(stopKey)) running = false;
  const ended = keys.filter((key) => key !== stopKey);
  if (ended.length > 0) parentPort.postMessage(ended);
}
`;
