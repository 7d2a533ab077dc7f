const pollMs = 25;

/** Polls a named condition until it gives something other than null. @throws after timeoutMs naming it, and when the signal is aborted */
export async function until<T>(
  what: string,
  condition: () => Promise<T | null> | T | null,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const value = await condition();
    if (value !== null) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain: ${what}`);
    await Bun.sleep(pollMs);
  }
}
