import { expect, test } from 'bun:test';
import { runCycles } from '@mvirt/testkit/chaos/cycles';
import { lackingForStorms } from '@mvirt/testkit/chaos/storm-room';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);

test.skipIf(missing !== null)('fifty VMs created, started, stopped and deleted by a real agent: descriptors, TAPs, folders and memory stay flat', async () => {
  const report = await runCycles({ warmUp: 20, cycles: 50 });
  console.log(`cycles: ${JSON.stringify(report)}`);
  expect(report.growthBytes).toBeLessThan(10 * 1024 * 1024);
});
