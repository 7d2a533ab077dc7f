import { expect, test } from 'bun:test';
import { runCycles } from '@mvirt/testkit/chaos/cycles';
import { lackingForStorms } from '@mvirt/testkit/chaos/storm-room';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);

test.skipIf(missing !== null)(
  'five VMs created, started, stopped and deleted by a real agent: it holds no more descriptors, and nothing of them is left',
  async () => {
    expect(await runCycles({ warmUp: 1, cycles: 5 })).toMatchObject({ cycles: 5 });
  },
  120_000,
);
