import { expect, test } from 'bun:test';
import { runHangs } from '@mvirt/testkit/chaos/hangs';
import { chaosSeeds } from '@mvirt/testkit/chaos/seed';
import { lackingForStorms } from '@mvirt/testkit/chaos/storm-room';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);

for (const seed of chaosSeeds('a VMM that hangs', [7]))
  test.skipIf(missing !== null)(
    `a VMM stopped by a signal in the middle of an operation, by seed ${seed}, also over an agent's death: calls end, others go on, kill works`,
    async () => {
      expect((await runHangs({ seed, rounds: 2 })).rounds).toBe(2);
    },
    240_000,
  );
