import { expect, test } from 'bun:test';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createInputQueue, type InputQueueDeps } from './input-queue.ts';

/** A queue whose writes end when the test says so. */
function open(limits: Partial<InputQueueDeps> = {}) {
  const written: string[] = [];
  const told: unknown[] = [];
  let settle: { resolve: () => void; reject: (error: unknown) => void } | null = null;
  const queue = createInputQueue({
    write: (bytes) => {
      written.push(Buffer.from(bytes).toString());
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
    },
    maxMessageBytes: 4,
    maxQueuedBytes: 8,
    onError: (error) => told.push(error),
    onFull: (full) => told.push(full),
    ...limits,
  });
  const next = async (error?: unknown) => {
    const current = await waitFor('a write', () => settle);
    settle = null;
    if (error === undefined) current.resolve();
    else current.reject(error);
  };
  return { queue, written, told, next, push: (text: string) => queue.push(Buffer.from(text)) };
}

test('one write at a time, in order, what comes meanwhile together', async () => {
  const { queue, written, next, push } = open();
  for (const key of ['a', 'b', 'c']) push(key);
  expect(written).toEqual(['a']);
  await next();
  await next();
  await queue.drained();
  expect(written).toEqual(['a', 'bc']);
  push('');
  expect(written.length).toBe(2);
});

test('a long text goes in messages that the agent takes, and its source rests meanwhile', async () => {
  const { queue, written, told, next, push } = open();
  push('0123456789abcdef');
  expect(told).toEqual([true]);
  for (let n = 0; n < 4; n++) await next();
  await queue.drained();
  expect([written, told]).toEqual([
    ['0123', '4567', '89ab', 'cdef'],
    [true, false],
  ]);
});

test('a write that fails is told, and the next one is tried', async () => {
  const { queue, written, told, next, push } = open();
  push('abcdef');
  await next('refused');
  await next();
  await queue.drained();
  expect([written, told]).toEqual([['abcd', 'ef'], ['refused']]);
});
