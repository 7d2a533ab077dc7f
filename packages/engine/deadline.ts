import { type Clock, MvirtError } from '@mvirt/domain';

export type Deadline = { clock: Clock; signal?: AbortSignal | undefined; timeoutMs: number | null; late: () => MvirtError };

/**
 * A promise's outcome, unless the caller hangs up (@throws CANCELLED) or its time is over (@throws late()) before.
 * What the promise stands for goes on.
 */
export async function within<T>(promise: Promise<T>, { clock, signal, timeoutMs, late }: Deadline): Promise<T> {
  if (signal?.aborted) {
    promise.catch(() => {}); // nobody waits for it any more; whoever began it has logged what failed
    throw hungUp();
  }
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(hungUp());
  signal?.addEventListener('abort', leave, { once: true });
  const timer = timeoutMs === null ? null : clock.after(timeoutMs, () => left.reject(late()));
  try {
    return await Promise.race([promise, left.promise]);
  } finally {
    timer?.[Symbol.dispose]();
    signal?.removeEventListener('abort', leave);
  }
}

/** A signal that ends after timeoutMs, or with the other one. */
export function deadlineSignal(clock: Clock, timeoutMs: number, signal: AbortSignal, late: () => MvirtError): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const timer = clock.after(timeoutMs, () => controller.abort(late()));
  return { signal: AbortSignal.any([signal, controller.signal]), [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

const hungUp = () => new MvirtError({ code: 'CANCELLED', message: 'the caller left before the end' });
