export type WaitOptions = { timeoutMs?: number; signal?: AbortSignal };

const pollMs = 5;

/**
 * Waits until the condition gives something other than false, null or undefined, and answers with it (default 20 s: a busy machine is not a failure).
 * A condition that throws ends the wait. @throws Error naming the condition when the time is over.
 */
export async function waitFor<T>(
  name: string,
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, signal }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const left = deadline - performance.now();
    if (left < 0) throw new Error(`waited ${timeoutMs} ms in vain for: ${name}`);
    const value = await within(condition(), left, `waited ${timeoutMs} ms in vain for: ${name} (the condition itself did not answer)`);
    if (met(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function met<T>(value: T): value is Exclude<T, false | null | undefined> {
  return value !== false && value !== null && value !== undefined;
}

async function within<T>(value: T | Promise<T>, timeoutMs: number, message: string): Promise<T> {
  if (!(value instanceof Promise)) return value;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), timeoutMs);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}
