import { expect, test } from 'bun:test';
import { chaosSeeds } from '@mvirt/testkit/chaos/seed';
import { lackingForStorms, stormOf } from '@mvirt/testkit/chaos/storm-room';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);

for (const seed of chaosSeeds('30 kills', [20_261_126]))
  test.skipIf(missing !== null)(
    `an agent killed 30 times in the middle of operations, by seed ${seed}: what is listed is what the kernel shows, nothing acknowledged is lost, no console byte is missing`,
    async () => {
      const report = await stormOf({ seed, kills: 30, vms: 3 });
      console.log(`chaos: ${JSON.stringify(report)}`);
      expect(report.kills).toBe(30);
      // The run was one: agents died with operations under way, and guests printed.
      expect(report.moves.lost).toBeGreaterThan(5);
      expect(report.moves.done).toBeGreaterThan(30);
      expect(report.consoleBytes).toBeGreaterThan(100_000);
    },
    600_000,
  );
