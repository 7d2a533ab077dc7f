import { expect, test } from 'bun:test';
import { chaosSeeds } from '@mvirt/testkit/chaos/seed';
import { lackingForStorms, stormOf } from '@mvirt/testkit/chaos/storm-room';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);
const kills = 50;

for (const seed of chaosSeeds(`${kills} kills each`, [1, 2, 3, 4]))
  test.skipIf(missing !== null)(`an agent killed ${kills} times in the middle of operations, by seed ${seed}: nothing is lost, nothing is left`, async () => {
    const report = await stormOf({ seed, kills, vms: 4 });
    console.log(`chaos: seed ${seed}: ${JSON.stringify(report)}`);
    expect(report.kills).toBe(kills);
    expect(report.moves.lost).toBeGreaterThan(10);
  });
