import { expect, test } from 'bun:test';
import { addressAt, contains, eui64, formatAddress, formatPrefix, linkLocal, netmask, overlaps, type Prefix, parseAddress, parsePrefix, sizeOf } from './ip.ts';

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(`${text} is no subnet`);
  return parsed;
};
const canonical = (text: string): string | null => {
  const parsed = parseAddress(text);
  return parsed === null ? null : formatAddress(parsed);
};

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['0.0.0.0', '0.0.0.0'],
  ['::', '::'],
  ['::1', '::1'],
  ['fd00::', 'fd00::'],
  ['FD12:3456:789A:0000:0000:0000:0000:0001', 'fd12:3456:789a::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
])('%s is written %s', (text, written) => expect(canonical(text)).toBe(written));

test.each(['', '10.0.0', '10.0.0.256', '10.0.0.01', '10.0.0.1.2', '1::2::3', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::12345', 'g::', 'fe80::1%eth0'])(
  '%p is no address',
  (text) => expect(parseAddress(text)).toBeNull(),
);

test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', 'fd00::/129', '10.0.0.0/', '/24', '10.0.0.0/2a'])('%p is no subnet', (text) => {
  expect(parsePrefix(text)).toBeNull();
});

test('a subnet is its base, whatever address of it was named', () => {
  expect(formatPrefix(prefix('10.1.2.3/22'))).toBe('10.1.0.0/22');
  expect(formatPrefix(prefix('fd00:1:2:3:4:5:6:7/64'))).toBe('fd00:1:2:3::/64');
  expect([netmask(prefix('10.0.0.0/22')), sizeOf(prefix('10.0.0.0/22'))]).toEqual(['255.255.252.0', 1024n]);
  expect(formatAddress(addressAt(prefix('fd00::/64'), 258n))).toBe('fd00::102');
});

test('overlapping goes both ways, and never across families', () => {
  const cases: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.9.0.0/24', true],
    ['10.9.0.0/24', '10.9.1.0/24', false],
    ['10.9.0.7/32', '10.9.0.0/24', true],
    ['0.0.0.0/0', '10.9.0.0/24', true],
    ['fd00::/8', 'fd12::/64', true],
    ['::/0', '10.9.0.0/24', false],
  ];
  for (const [a, b, expected] of cases) expect([overlaps(prefix(a), prefix(b)), overlaps(prefix(b), prefix(a))]).toEqual([expected, expected]);
  expect(contains(prefix('10.9.0.0/24'), { family: 'ipv4', value: prefix('10.9.0.255/32').base })).toBe(true);
  expect(contains(prefix('10.9.0.0/24'), { family: 'ipv4', value: prefix('10.9.1.0/32').base })).toBe(false);
});

test('the address that follows from a MAC', () => {
  expect(formatAddress(eui64(linkLocal, '52:54:00:12:34:56'))).toBe('fe80::5054:ff:fe12:3456');
  expect(formatAddress(eui64(prefix('fd12:3456:789a::/64'), '02:00:00:00:00:01'))).toBe('fd12:3456:789a::ff:fe00:1');
});
