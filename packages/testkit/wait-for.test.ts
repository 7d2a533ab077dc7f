import { expect, test } from 'bun:test';
import { waitFor } from './wait-for.ts';

test('answers with the value of the condition that was met', async () => {
  let calls = 0;
  expect(await waitFor('third call', () => (++calls === 3 ? { calls } : null))).toEqual({ calls: 3 });
});

test('zero and the empty string count as met', async () => {
  expect(await waitFor<number>('zero', () => 0)).toBe(0);
  expect(await waitFor<string>('empty', async () => '')).toBe('');
});

test('names what it waited for when the time is over', async () => {
  await expect(waitFor('pigs to fly', () => false, { timeoutMs: 20 })).rejects.toThrow('waited 20 ms in vain for: pigs to fly');
});

test('a condition that never answers is ended too', async () => {
  const never = new Promise<boolean>(() => {});
  await expect(waitFor('silence', () => never, { timeoutMs: 20 })).rejects.toThrow('silence (the condition itself did not answer)');
});

test('a condition that throws, and an abort, end the wait', async () => {
  const failing = () => {
    throw new Error('broken condition');
  };
  await expect(waitFor('x', failing)).rejects.toThrow('broken condition');
  await expect(waitFor('x', () => false, { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
});
