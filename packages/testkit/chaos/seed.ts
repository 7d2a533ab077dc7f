const variable = 'MVIRT_CHAOS_SEED';

/**
 * The seeds of a random run: those in MVIRT_CHAOS_SEED (whole numbers with commas between them), or its own. Printed, so that a run
 * that failed can be had again: the same choices, at moments that are the machine's.
 */
export function chaosSeeds(what: string, own: number[]): number[] {
  const given = process.env[variable]?.trim() ?? '';
  const seeds = given === '' ? own : given.split(',').map(Number);
  if (!seeds.every(Number.isSafeInteger)) throw new Error(`${variable}=${given}: give whole numbers with commas between them`);
  console.log(`chaos: ${what}: ${variable}=${seeds.join(',')}`);
  return seeds;
}

export const pick = <T>(random: (below: number) => number, things: readonly T[]): T => {
  const chosen = things[random(things.length)];
  if (chosen === undefined) throw new Error('there is nothing to choose from');
  return chosen;
};
