/** Lets a bounded number in at once; the others wait in the order they came. */
export interface Gate {
  /** Dispose to leave. Ends with the signal's reason. */
  enter(signal: AbortSignal): Promise<Disposable>;
}

export function createGate(places: number): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];

  const leave = (): void => {
    inside--;
    waiting.shift()?.();
  };

  const take = (): Disposable => {
    inside++;
    let left = false;
    return {
      [Symbol.dispose]() {
        if (!left) leave();
        left = true;
      },
    };
  };

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (inside < places) return take();
      const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
      const admit = () => {
        signal.removeEventListener('abort', giveUp);
        resolve(take());
      };
      const giveUp = () => {
        waiting.splice(waiting.indexOf(admit), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.push(admit);
      return promise;
    },
  };
}
