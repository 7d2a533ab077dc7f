import { expect, test } from 'bun:test';
import type { ConsoleLogFile } from './console-log.ts';
import { createRetention } from './retention.ts';

function openRetention() {
  let nowMs = 1_000_000_000;
  let drops = 0;
  const record = { vmId: 'vm', logId: 'log', inode: 1, keptFrom: 0, knownSize: 100_000, runs: [], times: [] };
  const log = {
    record: () => record,
    blockBytes: () => 4096,
    dropBelow() {
      drops += 1;
      throw new Error('no room');
    },
  } as unknown as ConsoleLogFile;
  const retention = createRetention({ log, clock: { nowMs: () => nowMs }, retentionBytes: 50_000, warn: () => {} });
  return { enforce: retention.enforce, drops: () => drops, setNow: (ms: number) => (nowMs = ms), nowMs: () => nowMs };
}

test('a cut that failed is tried again later, not at each look', () => {
  const bench = openRetention();
  bench.enforce();
  bench.enforce();
  expect(bench.drops()).toBe(1);
  bench.setNow(bench.nowMs() + 6000);
  bench.enforce();
  expect(bench.drops()).toBe(2);
});

test('a clock that is set back after a failed cut does not end the cutting', () => {
  const bench = openRetention();
  bench.enforce();
  bench.setNow(1000);
  bench.enforce();
  expect(bench.drops()).toBe(2);
});
