import { expect, test } from 'bun:test';
import { parseLinks } from './read-links.ts';

test('what ip prints becomes links', () => {
  const printed = [
    { ifname: 'lo', flags: ['LOOPBACK', 'UP'] },
    {},
    {
      ifname: 'tap0',
      ifalias: 'mvirt:a',
      master: 'br0',
      flags: ['BROADCAST', 'LOWER_UP'],
      linkinfo: { info_kind: 'tun', info_data: { type: 'tap', persist: true, user: 'nobody' } },
    },
    { ifname: 'tun0', linkinfo: { info_kind: 'tun', info_data: { type: 'tun' } } },
    { ifname: 'br0', flags: ['UP'], linkinfo: { info_kind: 'bridge', info_data: { stp_state: 0 } } },
    { ifname: 'eth0', flags: ['UP'], linkinfo: {} },
  ];
  expect(parseLinks(JSON.stringify(printed))).toEqual([
    { name: 'lo', alias: null, kind: null, up: true, held: false, master: null },
    { name: 'tap0', alias: 'mvirt:a', kind: 'tap', up: false, held: true, master: 'br0' },
    { name: 'tun0', alias: null, kind: 'tun', up: false, held: false, master: null },
    { name: 'br0', alias: null, kind: 'bridge', up: true, held: false, master: null },
    { name: 'eth0', alias: null, kind: null, up: true, held: false, master: null },
  ]);
  expect(parseLinks('')).toEqual([]);
});

test.each(['not json', '{}', '[1]'])('%p is an error, not an empty host', (text) => {
  expect(() => parseLinks(text)).toThrow('ip answered what cannot be read');
});
