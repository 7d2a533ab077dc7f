/** One at a time, in the order of asking. One that fails does not hold up the next. */
export type Lock = { run<T>(work: () => Promise<T>): Promise<T> };

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(work) {
      const mine = last.then(work);
      // The caller of `mine` hears of its failure; those behind only wait for its end.
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
