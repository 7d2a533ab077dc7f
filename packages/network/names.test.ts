import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { macSchema } from '@mvirt/domain';
import { derivedMac, isRustTap, tapAlias, tapName, vmIdOfAlias } from './names.ts';

const uuid = '0F3B7A52-1111-4222-8333-444455556666';

test('a UUID gives its first eight digits, NIC 0 no digit of its own', () => {
  expect(tapName(uuid, 0)).toBe('mvirt-0f3b7a52');
  expect(tapName(uuid, 1)).toBe('mvirt-0f3b7a521');
  expect(tapName(uuid, 35)).toBe('mvirt-0f3b7a52z');
});

test('any other id gives eight digits of its hash', () => {
  const hash = createHash('sha256').update('web1').digest('hex').slice(0, 8);
  expect(tapName('web1', 0)).toBe(`mvirt-${hash}`);
  expect(tapName('0f3b7a52', 0)).not.toBe('mvirt-0f3b7a52');
});

test('36 NICs have names of their own that the kernel takes', () => {
  for (const id of [uuid, 'x'.repeat(64)]) {
    const names = Array.from({ length: 36 }, (_, index) => tapName(id, index));
    expect(new Set(names).size).toBe(36);
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]{1,15}$/);
  }
});

test('a MAC is the same at each start, other for each NIC and VM, and valid', () => {
  expect(derivedMac(uuid, 0)).toBe(derivedMac(uuid, 0));
  expect(derivedMac(uuid, 0)).toStartWith('52:54:00:');
  const macs = [derivedMac(uuid, 0), derivedMac(uuid, 1), derivedMac('web1', 0)];
  expect(new Set(macs).size).toBe(3);
  for (const mac of macs) expect(macSchema.parse(mac)).toBe(mac);
});

test('an alias names its VM, and only ours do', () => {
  expect(vmIdOfAlias(tapAlias('web1'))).toBe('web1');
  for (const alias of ['', 'mvirt:', 'mvirt-web1', 'uplink', ' mvirt:web1']) expect(vmIdOfAlias(alias)).toBeNull();
});

test("the Rust daemon's own TAPs of a VM are known by name, nobody else's", () => {
  for (const tap of ['mvirt-0F3B7A52', 'vm0F3B7A52']) expect(isRustTap(uuid, tap)).toBe(true);
  expect(isRustTap('', 'vm')).toBe(false);
  for (const tap of ['mvirt-0F3B7A521', 'mvirt-11111111', 'vm', 'tap0', '']) expect(isRustTap(uuid, tap)).toBe(false);
});
