import type { Vmm } from './driver.ts';

/** A VMM that is stopped or hangs must not hold up an agent that starts. */
const adoptMs = 900;

export type Greeting = { timeoutMs: number; signal: AbortSignal };

/** Takes over a living VMM: it is let go of where greeting it fails or is given up. greet: silence is no failure. */
export async function adoptVmm<V extends Vmm>(vmm: V, greet: (greeting: Greeting) => Promise<void>, { signal }: { signal: AbortSignal }): Promise<Vmm> {
  try {
    signal.throwIfAborted();
    await greet({ timeoutMs: adoptMs, signal });
    signal.throwIfAborted();
    return vmm;
  } catch (error) {
    vmm.close();
    throw error;
  }
}
