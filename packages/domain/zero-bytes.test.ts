import { expect, test } from 'bun:test';
import { isZero } from './zero-bytes.ts';

test('one byte that is not zero is found, wherever it stands', () => {
  for (let offset = 0; offset < 6; offset += 1) {
    for (let length = 0; length < 20; length += 1) {
      const all = new Uint8Array(40).fill(7);
      const bytes = all.subarray(offset, offset + length).fill(0);
      expect(isZero(bytes)).toBe(true);
      for (let at = 0; at < length; at += 1) {
        bytes[at] = 1;
        expect([offset, length, at, isZero(bytes)]).toEqual([offset, length, at, false]);
        bytes[at] = 0;
      }
    }
  }
});
