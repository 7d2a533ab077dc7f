import { expect, test } from 'bun:test';
import { createLock } from './lock.ts';

test('work is done one at a time, in order, also behind a failure', async () => {
  const lock = createLock();
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const one = lock.run(async () => {
    order.push('one begins');
    await first.promise;
    throw new Error('one fails');
  });
  const two = lock.run(async () => {
    order.push('two');
    return 2;
  });
  await Promise.resolve();
  expect(order).toEqual(['one begins']);
  first.resolve();
  await expect(one).rejects.toThrow('one fails');
  expect(await two).toBe(2);
  expect(order).toEqual(['one begins', 'two']);
});
