import { expect, test } from 'bun:test';
import { asVmId } from '@mvirt/domain';
import { createUsageChanges } from './usage-changes.ts';

const mib = 1024 * 1024;
const usage = (id: string, cpuPercent: number | null, rssMib = 100) => ({ id: asVmId(id), cpuPercent, rssBytes: rssMib * mib });

test('whoever knows a reading is told what changed since, by whole percents and MiB', () => {
  const changes = createUsageChanges();
  changes.take([usage('a', null), usage('b', 3)], 1000.5);
  const first = changes.since(null);
  expect(first).toEqual({ reading: 1001, whole: true, figures: [usage('a', null), usage('b', 3)] });
  expect(changes.since(1001)).toEqual({ reading: 1001, whole: false, figures: [] });
  changes.take([usage('a', 0), usage('b', 3.4)], 2000);
  expect(changes.since(1001)).toEqual({ reading: 2000, whole: false, figures: [usage('a', 0)] });
  changes.take([usage('a', 0), usage('b', 3.6), usage('c', null)], 3000);
  changes.take([usage('a', 0, 102), usage('b', 3.6), usage('c', null)], 4000);
  expect(changes.since(2000)).toEqual({ reading: 4000, whole: false, figures: [usage('a', 0, 102), usage('b', 3.6), usage('c', null)] });
  expect(changes.since(3000)).toEqual({ reading: 4000, whole: false, figures: [usage('a', 0, 102)] });
});

test('figures that creep are told once they have become another', () => {
  const changes = createUsageChanges();
  changes.take([usage('a', 1)], 1000);
  for (const [at, percent] of [1.2, 1.4].entries()) changes.take([usage('a', percent)], 2000 + at);
  expect(changes.since(1000).figures).toEqual([]);
  changes.take([usage('a', 1.6)], 3000);
  expect(changes.since(1000).figures).toEqual([usage('a', 1.6)]);
});

test('after a VM is gone, and to whoever knows a reading of another agent, everything is told', () => {
  const changes = createUsageChanges();
  changes.take([usage('a', 1), usage('b', 1)], 1000);
  changes.take([usage('b', 1)], 2000);
  expect(changes.since(1000)).toEqual({ reading: 2000, whole: true, figures: [usage('b', 1)] });
  expect(changes.since(2000)).toEqual({ reading: 2000, whole: false, figures: [] });
  expect(changes.since(2001).whole).toBe(true);
  changes.take([], 2000);
  expect(changes.since(2000)).toEqual({ reading: 2001, whole: true, figures: [] });
});
