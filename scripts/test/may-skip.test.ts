import { expect, test } from 'bun:test';
import { maySkip } from './may-skip.ts';

test('a skip needs a reason', () => {
  expect(maySkip('qemu/contract-tiny.guest.test.ts: a NIC is plugged in and out of a running guest')).toContain('network namespace');
  expect(maySkip('qemu/contract-tiny.guest.test.ts: a guest is stopped')).toBeNull();
});
