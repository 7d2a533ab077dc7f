/** Time, injected so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Calls once after so many milliseconds; disposed: never. Keeps no process alive. */
  after(ms: number, call: () => void): Disposable;
}

export const systemClock = (): Clock => ({
  nowMs: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
});
