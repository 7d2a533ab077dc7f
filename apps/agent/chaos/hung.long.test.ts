import { expect, test } from 'bun:test';
import { runHangs } from '@mvirt/testkit/chaos/hangs';
import { chaosSeeds } from '@mvirt/testkit/chaos/seed';
import { lackingForStorms } from '@mvirt/testkit/chaos/storm-room';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);

for (const seed of chaosSeeds('a VMM that hangs', [8, 9]))
  test.skipIf(missing !== null)(`a VMM stopped by a signal in the middle of an operation, 10 times by seed ${seed}`, async () => {
    const report = await runHangs({ seed, rounds: 10 });
    console.log(`chaos: ${JSON.stringify(report)}`);
    expect(report.rounds).toBe(10);
  });
