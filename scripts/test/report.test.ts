import { expect, test } from 'bun:test';
import { report } from './report.ts';

const failed = [
  { test: 'engine/a.test.ts: breaks', message: 'expected 1\n\ngot 2\n3\n4\n5\n6\n7' },
  { test: 'host/b.test.ts: is late', message: '' },
];

test('what failed is named after the skips and right before the counts, which end it', () => {
  const { lines, success } = report({ passed: 3, failed, skipped: ['cloud-hypervisor/contract: x', 'host/c.test.ts: y'] }, true, false);
  expect(success).toBe(false);
  expect(lines).toEqual([
    'checks: types, lint and arrows hold',
    'skipped: cloud-hypervisor/contract: x (no Debian package has cloud-hypervisor: it runs where one is in PATH)',
    'skipped: host/c.test.ts: y (it may not be skipped in CI)',
    'FAILED: engine/a.test.ts: breaks',
    '    expected 1',
    '    got 2',
    '    3',
    '    4',
    '    5',
    '    6',
    'FAILED: host/b.test.ts: is late',
    '3 passed, 2 failed',
  ]);
});

test('in CI a skip without a reason is a failure, and so are checks that do not hold', () => {
  const { lines, success } = report({ passed: 3, failed: [], skipped: ['host/c.test.ts: y'] }, false, true);
  expect(success).toBe(false);
  expect(lines.slice(-5)).toEqual([
    'FAILED: checks',
    '    types, lint or arrows do not hold',
    'FAILED: host/c.test.ts: y',
    '    it may not be skipped in CI',
    '3 passed, 2 failed',
  ]);
});

test('nothing run is no success', () => {
  expect(report({ passed: 0, failed: [], skipped: [] }, true, true)).toEqual({
    lines: ['checks: types, lint and arrows hold', '0 passed, 0 failed'],
    success: false,
  });
});

test('what passed only when run again counts as passed, and is named', () => {
  expect(report({ passed: 3, failed: [], skipped: [], unsteady: [{ test: 'host/b.test.ts: is late', message: 'waited' }] }, true, true)).toEqual({
    lines: [
      'checks: types, lint and arrows hold',
      'UNSTEADY, mend it (it failed, and passed when run again alone): host/b.test.ts: is late',
      '    waited',
      '4 passed, 0 failed',
    ],
    success: true,
  });
});
