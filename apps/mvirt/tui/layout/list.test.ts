import { expect, test } from 'bun:test';
import { fakeVm } from '../testing/fake-agent.ts';
import { fuzzyFilter } from './fuzzy.ts';
import { spansText, spansWidth } from './span.ts';
import { sparkline } from './sparkline.ts';
import { replaced, sortKeys, vmOrder } from './vm-order.ts';
import { sortAt, vmColumns, vmRow, vmTitles } from './vm-row.ts';

test('a sparkline is as wide as asked, with the newest at the right', () => {
  expect(sparkline([], 3, 100)).toBe('   ');
  expect(sparkline([0, 50, 100, 250], 3, 100)).toBe('▅██');
  expect(sparkline([-1, 12], 4, 100)).toBe('  ▁▁');
});

const vm = fakeVm({ name: 'web-1', state: 'running', nics: [{ mac: '52:54:00:00:00:01', tap: null, network: 'br0', kept: [], addresses: ['192.0.2.10'] }] });

test('at every width a row and the titles fill the list, and the state stands as a word', () => {
  for (let width = 8; width < 140; width += 1) {
    for (const longestName of [3, 9, 30]) {
      const columns = vmColumns(width, { longestName, addresses: width % 2 === 0 });
      for (const marked of [true, false]) {
        expect(spansWidth(vmRow(vm, { columns, history: [1, 2], selected: false, marked, focused: true }))).toBe(width);
        expect(spansWidth(vmTitles(columns, { key: 'memory', reversed: false }))).toBe(width);
      }
      if (width >= 20) expect(columns.shown).toContain('word');
    }
  }
});

test('a wide list has every column, with the address and the past of the CPU', () => {
  const columns = vmColumns(80, { longestName: 5, addresses: true });
  expect(columns.shown).toEqual(['word', 'vcpus', 'memory', 'cpu', 'graph', 'ip']);
  const text = spansText(vmRow(vm, { columns, history: [10, 100, 200], selected: true, marked: true, focused: true }));
  expect(text).toMatch(/^✓● web-1 +running +2 +1\.0G 200% +▁▅█ 192\.0\.2\.10 +$/);
  const at = (name: string) => spansText(vmTitles(columns, { key: 'cpu', reversed: false })).indexOf(name);
  expect(at('CPU%↓')).toBeGreaterThan(0);
  expect(sortAt(columns, at('CPU%'))).toBe('cpu');
  expect(sortAt(columns, 1)).toBe('name');
  expect(sortAt(columns, 500)).toBeNull();
  expect(vmColumns(80, { longestName: 5, addresses: false }).shown).not.toContain('ip');
});

test('a change keeps the order that a whole sort would give, whatever it is sorted by', () => {
  const states = ['stopped', 'running', 'paused'] as const;
  const make = (index: number, turn: number) =>
    fakeVm({
      id: `id-${index}`,
      name: index % 7 === 0 ? null : `vm-${(index * 37 + turn) % 50}`,
      state: states[(index + turn) % 3] ?? 'stopped',
      memoryBytes: ((index * 13 + turn) % 5) * 1024 ** 3,
      createdAt: `2026-01-0${((index + turn) % 9) + 1}T00:00:00Z`,
    });
  for (const key of sortKeys) {
    for (const reversed of [false, true]) {
      const compare = vmOrder({ key, reversed }, (id) => (id.length * 7) % 3);
      let list: readonly ReturnType<typeof make>[] = Array.from({ length: 60 }, (_, index) => make(index, 0)).sort(compare);
      for (let turn = 1; turn < 40; turn += 1) {
        list = replaced(list, make((turn * 11) % 70, turn), compare);
        expect(list.map((each) => each.id)).toEqual([...list].sort(compare).map((each) => each.id));
      }
    }
  }
});

test('letters find what they begin, the best first', () => {
  const names = ['start', 'stop', 'set', 'attach-disk', 'detach-disk', 'restart'];
  expect(fuzzyFilter('st', names, String)[0]).toBe('stop');
  expect(fuzzyFilter('ad', names, String)[0]).toBe('attach-disk');
  expect(fuzzyFilter('dd', names, String)).toEqual(['detach-disk']);
  expect(fuzzyFilter('sa', ['pas a s'], String)).toEqual(['pas a s']);
  expect(fuzzyFilter('zz', names, String)).toEqual([]);
  expect(fuzzyFilter(' ', names, String)).toEqual(names);
});
