import { expect, test } from 'bun:test';
import { parseChanges } from './set.ts';

test('changes are gathered', () => {
  expect(parseChanges(['name=b', 'vcpus=2', 'memory=2G', 'cmdline=a=b c', 'label.role=front', 'label.old='])).toEqual({
    name: 'b',
    vcpus: 2,
    memoryMib: 2048,
    cmdline: 'a=b c',
    labels: { role: 'front', old: null },
  });
  expect(parseChanges(['cmdline='])).toEqual({ cmdline: null });
});

test.each([
  ['vcpus', /not of the form key=value/],
  ['vcpus=many', /"many" is not a whole number/],
  ['memory=big', /is not a size/],
  ['disks=1', /"disks" cannot be set; name, vcpus, memory, cmdline and label.KEY can/],
  ['label=x', /cannot be set/],
])('%s is refused', (word, message) => expect(() => parseChanges([word])).toThrow(message));
