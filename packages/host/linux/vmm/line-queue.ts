import { MvirtError } from '@mvirt/domain';

/** Bytes waiting for a line that takes only so many at once. Nothing here blocks. */
export interface LineQueue {
  write(bytes: Uint8Array, options: { signal?: AbortSignal }): Promise<void>;
  /** Gives up everything that waits, with this reason; later writes get it too. */
  end(reason: MvirtError): void;
}

export type LineQueueDeps = {
  /** How many bytes the line took; 0 where it is full now. @throws where it is gone. */
  tryWrite(bytes: Uint8Array): number;
  maxBytes?: number;
  /** How long a write may wait for the guest to read. */
  timeoutMs?: number;
};

const shortestRetryMs = 2;
const longestRetryMs = 100;

type Entry = { rest: Uint8Array; done: () => void; fail: (error: MvirtError) => void };

export function createLineQueue({ tryWrite, maxBytes = 256 * 1024, timeoutMs = 30_000 }: LineQueueDeps): LineQueue {
  const entries: Entry[] = [];
  let queuedBytes = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let retryMs = shortestRetryMs;
  let ended: MvirtError | null = null;

  const remove = (entry: Entry) => {
    const index = entries.indexOf(entry);
    if (index < 0) return false;
    entries.splice(index, 1);
    queuedBytes -= entry.rest.length;
    return true;
  };
  const end = (reason: MvirtError) => {
    ended ??= reason;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    for (const entry of [...entries]) if (remove(entry)) entry.fail(ended);
  };
  const drain = () => {
    timer = null;
    for (let entry = entries[0]; entry !== undefined; entry = entries[0]) {
      const taken = entry.rest.length === 0 ? 0 : takeOrEnd(entry.rest);
      if (taken === null) return;
      queuedBytes -= taken;
      entry.rest = entry.rest.subarray(taken);
      if (taken > 0) retryMs = shortestRetryMs;
      if (entry.rest.length > 0) {
        timer = setTimeout(drain, retryMs);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
        return;
      }
      remove(entry);
      entry.done();
    }
  };
  const takeOrEnd = (bytes: Uint8Array): number | null => {
    try {
      return tryWrite(bytes);
    } catch (error) {
      end(new MvirtError({ code: 'CONSOLE_READ_ONLY', message: 'the serial line is gone', cause: error }));
      return null;
    }
  };

  return {
    async write(bytes, { signal }) {
      if (ended !== null) throw ended;
      if (signal?.aborted) throw new MvirtError({ code: 'CANCELLED', message: 'the input was not sent', cause: signal.reason });
      if (queuedBytes + bytes.length > maxBytes)
        throw new MvirtError({ code: 'TOO_MANY', message: `the guest does not read: ${queuedBytes} bytes of input wait already` });
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // A copy: the caller may use its buffer again.
      const entry: Entry = { rest: bytes.slice(), done: resolve, fail: reject };
      const giveUp = (code: 'TIMEOUT' | 'CANCELLED', why: string) => {
        if (remove(entry)) reject(new MvirtError({ code, message: `${why}; ${entry.rest.length} bytes of input were not sent` }));
      };
      const onAbort = () => giveUp('CANCELLED', 'the writer has gone');
      const deadline = setTimeout(() => giveUp('TIMEOUT', `the guest read nothing for ${timeoutMs} ms`), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      entries.push(entry);
      queuedBytes += entry.rest.length;
      if (timer === null) drain();
      try {
        await promise;
      } finally {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    end,
  };
}
