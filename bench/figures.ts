/** The value below which this share of them lies; NaN of none. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** How long the work took, ms. */
export async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Medians of two ways to do a thing, done in turn, so that what else the machine does meets both. The first round warms up and is not counted. */
export async function sideBySide(rounds: number, ours: () => unknown, peers: () => unknown): Promise<[ours: number, peers: number]> {
  const [own, others]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round += 1) {
    const [a, b] = [await timed(ours), await timed(peers)];
    if (round < 0) continue;
    own.push(a);
    others.push(b);
  }
  return [median(own), median(others)];
}
