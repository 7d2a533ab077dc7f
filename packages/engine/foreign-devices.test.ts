import { expect, test } from 'bun:test';
import { asVmId, type Nic } from '@mvirt/domain';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import { placeNics } from './foreign-devices.ts';

const id = asVmId('6f1c2a34-5b67-4c89-9d01-23456789abcd');
const nic = (change: Partial<Nic> = {}): Nic => ({ tap: null, mac: null, vhostSocket: null, network: null, ...change });
const place = (nics: Nic[], found: { tap: string; mac: string }[]) => placeNics(id, vmSpec({ nics }), found);
const [a, b, c] = ['2e:00:00:00:00:0a', '2e:00:00:00:00:0b', '2e:00:00:00:00:0c'];

test('NICs are found by MAC, then by TAP, then in their order, and keep the MAC that they have', () => {
  const found = [
    { tap: 'mvirt-6f1c2a34', mac: a },
    { tap: 'tap7', mac: b },
    { tap: 'tap8', mac: c },
  ];
  expect(place([nic(), nic({ tap: 'tap7' }), nic({ mac: c })], found)).toEqual({
    run: [
      { index: 0, tap: 'mvirt-6f1c2a34', mac: a },
      { index: 1, tap: 'tap7', mac: b },
      { index: 2, tap: 'tap8', mac: c },
    ],
    spec: [nic({ mac: a }), nic({ tap: 'tap7', mac: b }), nic({ mac: c })],
  });
});

test("the NIC that the daemon gave a VM by itself is kept; one that somebody else plugged in is only the run's", () => {
  const found = [
    { tap: 'vm6f1c2a34', mac: a },
    { tap: 'tap7', mac: b },
  ];
  expect(place([], found)).toEqual({
    run: [
      { index: 0, tap: 'vm6f1c2a34', mac: a },
      { index: 1, tap: 'tap7', mac: b },
    ],
    spec: [nic({ mac: a })],
  });
});

test('a NIC that is not found stays in the spec as it was', () => {
  const nics = [nic({ tap: 'gone' }), nic({ vhostSocket: '/run/vhost.sock' }), nic()];
  expect(place(nics, [])).toEqual({ run: [], spec: nics });
});
