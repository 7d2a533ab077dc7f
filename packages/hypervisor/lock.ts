export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

/** One at a time, in order. Everything that runs under it has a deadline, so the line in front of it drains. */
export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    // Whoever asked hears of a failure; the next in line does not care.
    last = result.catch(() => {});
    return result;
  };
}
