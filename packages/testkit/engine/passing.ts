import type { FakeClock } from '../fake-clock.ts';

/** Lets time pass until the work is done: what fails is tried again after a while, or ends by its deadline. */
export async function passing<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let over = false;
  const settled = work.finally(() => {
    over = true;
  });
  settled.catch(() => {}); // the caller is told below
  while (!over) await Promise.race([settled.catch(() => {}), clock.advance(500)]);
  return await settled;
}
