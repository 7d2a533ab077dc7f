import { expect, test } from 'bun:test';
import { reportText } from './report.ts';
import { holds, type Row } from './row.ts';

const row = (bound: Row['bound'], ours: number, peer: number | null): Row => ({
  what: 'kill',
  unit: 'ms',
  ours,
  peer: peer === null ? null : { name: 'virsh destroy', value: peer },
  bound,
});

test('whether a promise holds', () => {
  expect(holds(row({ kind: 'at most', value: 10 }, 10, null))).toBe(true);
  expect(holds(row({ kind: 'at least', value: 10 }, 9, null))).toBe(false);
  expect(holds(row({ kind: 'ratio', atMost: 0.5 }, 4, 10))).toBe(true);
  expect(holds(row({ kind: 'ratio', atMost: 0.5 }, 6, 10))).toBe(false);
  expect(holds(row({ kind: 'ratio', atMost: 0.5 }, 6, null))).toBeNull();
  expect(holds(row({ kind: 'overhead', atMost: 30 }, 56, 25))).toBe(false);
});

test('a line for each row, with its peer, and what is missing', () => {
  const rows = [row({ kind: 'ratio', atMost: 0.1 }, 20, 1000), row({ kind: 'at most', value: 10 }, 12.34, null)];
  const text = reportText({ setting: ['2 CPUs'], rows, missing: ['cloud-hypervisor: none in PATH'] });
  expect(text).toContain('| kill | 20.0 ms | 1000 ms (virsh destroy) | 0.02 | ≤ 0.1 × the peer | yes |\n');
  expect(text).toContain('| kill | 12.3 ms |  |  | ≤ 10 ms | **no** |\n');
  const odd = { ...row({ kind: 'at most', value: 10 }, 5, 0), peer: { name: 'a | b', value: 0 }, floor: { of: 'c', value: 1 } };
  const other = reportText({ setting: [], rows: [odd], missing: [] });
  expect(other).toContain('| kill | 5.00 ms; 1.00 ms of it: c | 0.00 ms (a \\| b) |  | ≤ 10 ms | yes |\n');
  expect(text).toEndWith('\nNot measured here:\n\n- cloud-hypervisor: none in PATH\n');
});
