import { expect, test } from 'bun:test';
import { asVmId } from '@mvirt/domain';
import { seededRandom } from '@mvirt/testkit/console-pattern';
import { isReplaced, newRecord, offsetAt, withEnd, withGrowth, withKeptFrom, withRun } from './log-record.ts';

const file = { inode: 7, size: 0, blockBytes: 4096 };

test('the index of times is bounded, ordered, and never leads past what was printed later', () => {
  const random = seededRandom(11);
  let record = newRecord(asVmId('vm'), file, 0);
  let nowMs = 0;
  let seenAtMs = 0;
  const printed: { offset: number; atMs: number }[] = [];
  for (let step = 0; step < 20_000; step++) {
    nowMs += random(20) === 0 ? random(60_000) : random(50);
    printed.push({ offset: record.knownSize, atMs: nowMs });
    record = withGrowth(record, record.knownSize + 1 + random(30_000), seenAtMs);
    seenAtMs = nowMs;
    if (step % 5000 === 4999) record = withKeptFrom(record, record.knownSize - 16 * 1024 * 1024);
    if (step % 3000 === 2999) record = withRun(record, `run ${step}`, nowMs);
  }
  record = withEnd(record, seenAtMs);
  expect(record.times.length).toBeLessThanOrEqual(512);
  expect(record.times).toEqual(record.times.toSorted((a, b) => a.offset - b.offset || a.atMs - b.atMs));
  for (const { offset, atMs } of printed) {
    if (offset < record.keptFrom) continue;
    // What was printed at that time is shown by a start at that time.
    expect(offsetAt(record, atMs, seenAtMs + 1)).toBeLessThanOrEqual(offset);
  }
  expect(offsetAt(record, seenAtMs + 1, seenAtMs)).toBe(record.knownSize);
});

test('a clock that jumps back leaves the index in order', () => {
  let record = withRun(newRecord(asVmId('vm'), file, 50_000), 'a', 60_000);
  record = withRun(withGrowth(record, 500_000, 10), 'b', 20);
  expect(record.times.map(({ atMs }) => atMs)).toEqual(record.times.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
});

test('another inode or fewer bytes are another log; the same or more are not', () => {
  const record = { ...newRecord(asVmId('vm'), file, 0), knownSize: 100 };
  expect(isReplaced(record, { ...file, size: 100 })).toBe(false);
  expect(isReplaced(record, { ...file, size: 101 })).toBe(false);
  expect(isReplaced(record, { ...file, size: 99 })).toBe(true);
  expect(isReplaced(record, { ...file, inode: 8, size: 100 })).toBe(true);
});

test('what is dropped takes its runs and times with it, but the last of each that still holds', () => {
  let record = newRecord(asVmId('vm'), file, 0);
  for (const run of ['a', 'b', 'c']) record = withGrowth(withRun(record, run, 0), record.knownSize + 100, 0);
  expect(withKeptFrom(record, 150).runs.map(({ runId }) => runId)).toEqual(['b', 'c']);
  expect(withKeptFrom(record, 200).runs.map(({ runId }) => runId)).toEqual(['c']);
  expect(withKeptFrom(record, 300).times.length).toBeGreaterThan(0);
});
