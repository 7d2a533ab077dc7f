import { expect, test } from 'bun:test';
import { keyOf, possibleEnds, type VmModel } from './vm-model.ts';

const stopped: VmModel = { state: 'stopped', memoryMib: 64, note: '', disks: [], macs: [] };
const running: VmModel = { ...stopped, state: 'running' };
const start = (vm: VmModel) => (vm === null ? undefined : { ...vm, state: 'running' as const });
const kill = (vm: VmModel) => (vm === null ? undefined : { ...vm, state: 'stopped' as const });
const remove = (vm: VmModel) => (vm?.state === 'stopped' ? null : undefined);

test('what was acknowledged has happened, what was refused has not, what is unknown may have', () => {
  expect(possibleEnds([stopped], [{ effect: start, outcome: 'done' }])).toEqual([running]);
  expect(possibleEnds([stopped], [{ effect: start, outcome: 'refused' }])).toEqual([stopped]);
  expect(possibleEnds([stopped], [{ effect: start, outcome: 'lost' }]).map(keyOf)).toEqual([keyOf(running), keyOf(stopped)]);
});

test('operations side by side happen in any order in which none of the acknowledged ones would have been refused', () => {
  const both = (first: 'done' | 'lost', second: 'done' | 'lost') =>
    possibleEnds(
      [running],
      [
        { effect: kill, outcome: first },
        { effect: remove, outcome: second },
      ],
    );
  expect(both('done', 'done')).toEqual([null]);
  expect(both('lost', 'lost').map(keyOf).toSorted()).toEqual([keyOf(null), keyOf(running), keyOf(stopped)].toSorted());
  expect(possibleEnds([running], [{ effect: remove, outcome: 'done' }])).toEqual([]);
});
