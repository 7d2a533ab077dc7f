import { expect, test } from 'bun:test';
import { createGapWatch } from './gap-watch.ts';

const blockBytes = 4096;

function watchAt(startMs: number) {
  const watch = createGapWatch(startMs);
  return { end: watch.end, at: (atMs: number, size: number, free: number) => watch.check({ atMs, size, blockBytes, freeBytes: () => free }) };
}

test('a gap goes from the last check that found room to the first one that does again', () => {
  const { at } = watchAt(0);
  expect(at(5, 100, 10_000)).toBeNull();
  expect(at(10, 8192, 0)).toBeNull();
  expect(at(15, 8192, 0)).toBeNull();
  expect(at(20, 8192, 0)).toBeNull();
  expect(at(25, 8192, 50_000)).toEqual({ fromMs: 5, toMs: 25, offset: 8192 });
  expect(at(30, 9000, 50_000)).toBeNull();
});

test('no gap while the log still grows, while its last block has room, or while a block is free', () => {
  const growing = watchAt(0);
  for (let check = 1; check <= 5; check++) expect(growing.at(check, check * blockBytes, 0)).toBeNull();
  expect(growing.end(9)).toBeNull();
  const unfilled = watchAt(0);
  for (let check = 1; check <= 5; check++) expect(unfilled.at(check, 8000, 0)).toBeNull();
  expect(unfilled.end(9)).toBeNull();
  const quiet = watchAt(0);
  for (let check = 1; check <= 5; check++) expect(quiet.at(check, 8192, blockBytes)).toBeNull();
  expect(quiet.end(9)).toBeNull();
});

test('the end of the run ends a gap, and the next one begins anew', () => {
  const { at, end } = watchAt(1);
  at(2, 0, 0);
  at(3, 0, 0);
  expect(end(4)).toEqual({ fromMs: 1, toMs: 4, offset: 0 });
  expect(end(5)).toBeNull();
  at(6, 0, 0);
  at(7, 0, 0);
  expect(at(8, 10, 0)).toEqual({ fromMs: 5, toMs: 8, offset: 0 });
});
