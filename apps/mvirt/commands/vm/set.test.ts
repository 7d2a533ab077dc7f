import { expect, test } from 'bun:test';
import { parseChanges } from './set.ts';

test('changes are gathered', () => {
  expect(parseChanges(['name=b', 'vcpus=2', 'memory=2G', 'max-vcpus=4', 'max-memory=4G', 'cmdline=a=b c', 'label.role=front', 'label.old='])).toEqual({
    name: 'b',
    vcpus: 2,
    memoryMib: 2048,
    maxVcpus: 4,
    maxMemoryMib: 4096,
    cmdline: 'a=b c',
    labels: { role: 'front', old: null },
  });
  expect(parseChanges(['cmdline=', 'max-vcpus=', 'max-memory='])).toEqual({ cmdline: null, maxVcpus: null, maxMemoryMib: null });
  expect(parseChanges(['restart=on-failure', 'autostart=on', 'autostart-order=2', 'autostart-delay=30'])).toEqual({
    restart: 'on-failure',
    autostart: { order: 2, delayMs: 30_000 },
  });
  expect(parseChanges(['autostart-delay=1m'])).toEqual({ autostart: { delayMs: 60_000 } });
  expect(parseChanges(['autostart=off'])).toEqual({ autostart: null });
});

test.each([
  ['vcpus', /not of the form key=value/],
  ['vcpus=many', /"many" is not a whole number/],
  ['memory=big', /is not a size/],
  ['disks=1', /"disks" cannot be set; name, vcpus, memory, max-vcpus, max-memory, cmdline, restart, .* and label.KEY can/],
  ['label=x', /cannot be set/],
  ['restart=sometimes', /restart is one of never, on-failure, always, not "sometimes"/],
  ['autostart=yes', /autostart is one of on, off, not "yes"/],
  ['autostart-order=first', /"first" is not a whole number/],
  ['autostart-delay=long', /"long" is not a time/],
])('%s is refused', (word, message) => expect(() => parseChanges([word])).toThrow(message));
