import { expect, test } from 'bun:test';
import { checkSubnet, chooseSubnet } from './choose-subnet.ts';
import { formatPrefix, overlaps, type Prefix, parsePrefix } from './ip.ts';

const prefixes = (...texts: string[]): Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);

test('the same seed gives the same subnets, others differ, and both are private', () => {
  const of = (seed: string) => [formatPrefix(chooseSubnet('ipv4', seed, [])), formatPrefix(chooseSubnet('ipv6', seed, []))];
  expect(of('host/default')).toEqual(of('host/default'));
  expect(new Set(['a', 'b', 'c', 'd'].flatMap(of)).size).toBe(8);
  for (const seed of ['a', 'b', 'c']) {
    const [ipv4 = '', ipv6 = ''] = of(seed);
    expect(ipv4).toMatch(/^10\.(12[89]|1[3-9]\d|2\d\d)\.\d+\.0\/22$/);
    expect(ipv6).toMatch(/^fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}::\/64$/);
  }
});

test('whatever the host has, what is chosen collides with none of it', () => {
  const first = chooseSubnet('ipv4', 'seed', []);
  const ipv6 = chooseSubnet('ipv6', 'seed', []);
  for (const taken of [[first, ipv6], prefixes('10.128.0.0/10', '10.192.0.0/11', 'fd00::/9'), prefixes(`${formatPrefix(first).replace('/22', '/32')}`)]) {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const chosen = chooseSubnet(family, 'seed', taken);
      expect(taken.filter((one) => overlaps(one, chosen))).toEqual([]);
    }
  }
});

test('a host without room says so, and what to do', () => {
  const full = () => chooseSubnet('ipv4', 'seed', prefixes('10.0.0.0/8'));
  expect(full).toThrow(expect.objectContaining({ code: 'ADDRESS_TAKEN', hint: expect.stringContaining('--ipv4 none') }));
});

const taken = prefixes('192.168.1.0/24', 'fd00:1::/64').map((prefix) => ({ prefix, owner: 'of eth0' }));

test.each([
  ['ipv4', '10.9.0.0/24', '10.9.0.0/24'],
  ['ipv4', '192.168.2.0/30', '192.168.2.0/30'],
  ['ipv6', 'FD12:3456:789A:0::/64', 'fd12:3456:789a::/64'],
] as const)('%s %s is taken', (family, text, canonical) => expect(formatPrefix(checkSubnet(family, text, taken))).toBe(canonical));

test.each([
  ['ipv4', '192.168.0.0/16', 'ADDRESS_TAKEN', 'ipv4: 192.168.0.0/16 overlaps 192.168.1.0/24 of eth0'],
  ['ipv4', '192.168.1.128/25', 'ADDRESS_TAKEN', /overlaps 192\.168\.1\.0\/24 of eth0/],
  ['ipv6', 'fd00:1::/64', 'ADDRESS_TAKEN', /overlaps fd00:1::\/64 of eth0/],
  ['ipv4', '10.9.0.1/24', 'INVALID_ARGUMENT', 'ipv4: 10.9.0.1/24 has bits set beyond its length'],
  ['ipv4', '10.9.0.0/31', 'INVALID_ARGUMENT', /no room for a host and a VM/],
  ['ipv4', '10.0.0.0/7', 'INVALID_ARGUMENT', /bits set|too large/],
  ['ipv4', '127.1.0.0/24', 'INVALID_ARGUMENT', /127\.0\.0\.0\/8 has another meaning/],
  ['ipv4', '239.0.0.0/24', 'INVALID_ARGUMENT', /another meaning/],
  ['ipv4', 'fd00::/64', 'INVALID_ARGUMENT', /is no IPv4 subnet/],
  ['ipv6', '10.9.0.0/24', 'INVALID_ARGUMENT', /is no IPv6 prefix/],
  ['ipv6', 'fd00:2::/48', 'INVALID_ARGUMENT', /is not 64 bits long/],
  ['ipv6', 'fe80::/64', 'INVALID_ARGUMENT', /another meaning/],
  ['ipv6', 'fd00:2::1/64', 'INVALID_ARGUMENT', /bits set beyond its length/],
] as const)('%s %s is refused: %s', (family, text, code, message) => {
  const attempt = () => checkSubnet(family, text, taken);
  const says = typeof message === 'string' ? message : expect.stringMatching(message);
  expect(attempt).toThrow(expect.objectContaining({ code, message: says, hint: expect.stringMatching(/.{10}/) }));
});
