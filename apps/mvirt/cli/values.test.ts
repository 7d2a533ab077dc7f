import { expect, test } from 'bun:test';
import { commaParts, disk, durationMs, memoryMib, moment, network, pair, sizeBytes, wholeNumber } from './values.ts';

test.each([
  ['512', 512],
  ['512M', 512],
  ['512mib', 512],
  ['2G', 2048],
  ['2GiB', 2048],
  ['1 gb', 1024],
])('a size %s is %d MiB', (text, mib) => expect(memoryMib(text)).toBe(mib));

test.each([
  ['1', 2 ** 20],
  ['512M', 2 ** 29],
  ['20G', 20 * 2 ** 30],
  ['20gib', 20 * 2 ** 30],
  ['1T', 2 ** 40],
])('a disk of %s has %d bytes', (text, bytes) => expect(sizeBytes(text, '--disk-size')).toBe(bytes));

test.each(['', '-1', '1.5G', '1P', 'G', '20 000M'])('%p is no size of a disk', (text) =>
  expect(() => sizeBytes(text, '--disk-size')).toThrow(/^--disk-size: ".*" is not a size such as/),
);

test.each(['', '-1', '1.5G', '2T', 'G', '0x10', '1e3', '１'])('%p is no size', (text) => expect(() => memoryMib(text)).toThrow(/is not a size such as/));

test.each([
  ['60', 60_000],
  ['60s', 60_000],
  ['500ms', 500],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['2d', 172_800_000],
  ['0', 0],
])('a time %s is %d ms', (text, ms) => expect(durationMs(text, '--timeout')).toBe(ms));

test.each(['', '-5', '5 s', '1.5s', '5w', 's'])('%p is no time', (text) =>
  expect(() => durationMs(text, '--timeout')).toThrow(/^--timeout: ".*" is not a time/),
);

test('a moment is a date or an age', () => {
  expect(moment('10m', 1_000_000)).toBe(400_000);
  expect(moment('2026-01-31T12:00:00Z', 0)).toBe(Date.UTC(2026, 0, 31, 12));
  expect(moment('2026-01-31', 0)).toBe(Date.UTC(2026, 0, 31));
  for (const text of ['10', 'yesterday', '2026-99-99', '', '-5m']) expect(() => moment(text, 0)).toThrow(/neither a time such as/);
});

test('whole numbers are digits alone', () => {
  expect([wholeNumber('0', 'n'), wholeNumber('42', 'n')]).toEqual([0, 42]);
  for (const text of ['', '-1', '1.0', '1e3', '0x1', ' 1', '9'.repeat(16)]) expect(() => wholeNumber(text, 'n')).toThrow(/^n: .* is not a whole number/);
});

test('a pair is split at its first =', () => {
  expect(pair('a=b=c', 'x')).toEqual(['a', 'b=c']);
  expect(pair('a=', 'x')).toEqual(['a', '']);
  for (const text of ['a', '=b', '']) expect(() => pair(text, '--label')).toThrow(/not of the form key=value/);
});

test.each([
  ['a,b', ['a', 'b']],
  ['a,,b', ['a,b']],
  ['a,,,b', ['a,', 'b']],
  [',,,,', [',,']],
  ['', ['']],
])('%p splits into %j', (text, parts) => expect(commaParts(text)).toEqual(parts));

test.each([
  ['d.raw', { path: '/w/d.raw', readonly: false }],
  ['/d.raw,ro', { path: '/d.raw', readonly: true }],
  ['../d,format=qcow2,ro', { path: '/d', readonly: true, format: 'qcow2' }],
  ['a,,b,format=raw', { path: '/w/a,b', readonly: false, format: 'raw' }],
  ['a,,ro', { path: '/w/a,ro', readonly: false }],
] as const)('the disk %s', (text, value) => expect(disk(text, '/w')).toEqual(value));

test('a disk without a path, or with an unknown word, is refused', () => {
  for (const text of ['', ',ro']) expect(() => disk(text, '/w')).toThrow(/the path is missing/);
  for (const text of ['d,rw', 'd,readonly=off', 'd,format=vmdk', 'd,']) expect(() => disk(text, '/w')).toThrow(/a comma in a path is doubled/);
});

test('networks', () => {
  const plain = { tap: null, mac: null, network: null, ips: [] };
  expect(network('default')).toEqual({ ...plain, network: 'default' });
  expect(network('default,mac=52:54:00:00:00:01')).toEqual({ ...plain, network: 'default', mac: '52:54:00:00:00:01' });
  expect(network('lab,ip=10.9.0.7,ip=fd00::7')).toEqual({ ...plain, network: 'lab', ips: ['10.9.0.7', 'fd00::7'] });
  expect(network('bridge:br0')).toEqual({ ...plain, network: 'bridge:br0' });
  expect(network('tap=mine,mac=52:54:00:00:00:01')).toEqual({ ...plain, tap: 'mine', mac: '52:54:00:00:00:01' });
  for (const text of ['', 'mac=52:54:00:00:00:01', 'ip=10.9.0.7']) expect(() => network(text)).toThrow(/is no network: give default/);
  expect(() => network('default,up')).toThrow(/is neither mac=ADDRESS nor ip=ADDRESS/);
});
