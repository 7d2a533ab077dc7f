/** Time, as it is injected. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Calls back once after delayMs (any length), unless disposed before. Not hurried or held up by changes of the wall clock. */
  after(delayMs: number, callback: () => void): Disposable;
}
