import { expect, test } from 'bun:test';
import { slopeOf } from './growth.ts';

test('the slope of a line is its slope, whatever one outlier says; of what goes up and down it is none', () => {
  expect(slopeOf([1, 3, 5, 7])).toBeCloseTo(2);
  expect(slopeOf([4, 4, 4, 4, 9, 4, 4, 4, 4])).toBeCloseTo(0);
  expect(Math.abs(slopeOf(Array.from({ length: 100 }, (_, index) => 1000 + (index % 2) * 50)))).toBeLessThan(0.1);
  expect(slopeOf([7])).toBe(0);
});
