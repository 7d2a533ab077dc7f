import type { FakeClock } from '../fake-clock.ts';

/** Lets time pass until the work is done; not so fast that real files, which take theirs, would miss a deadline. */
export async function passing<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let over = false;
  const settled = work.finally(() => {
    over = true;
  });
  settled.catch(() => {}); // the caller is told below
  while (!over) {
    await Promise.race([settled.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 10))]);
    if (!over) await clock.advance(100);
  }
  return await settled;
}
