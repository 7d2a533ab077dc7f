import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain';
import { failure } from '@mvirt/testkit/engine/failure';
import { createGate } from './gate.ts';
import { createVmQueue } from './vm-queue.ts';

const killed = new MvirtError({ code: 'WRONG_STATE', message: 'killed' });
const forever = (signal: AbortSignal) => new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

test('tasks run one after the other, and a failed one does not end the next', async () => {
  const queue = createVmQueue();
  const seen: string[] = [];
  const task = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(`${name} ends`);
    if (name === 'a') throw new Error('a failed');
    return name;
  };
  const a = failure(queue.run(task('a')));
  const b = queue.run(task('b'));
  expect(String(await a)).toContain('a failed');
  expect(await b).toBe('b');
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  await queue.idle();
});

test('overtaking aborts what runs and drops what waits, but for what must be done', async () => {
  const queue = createVmQueue();
  const running = failure(queue.run(forever));
  const waiting = failure(queue.run(async () => 'never'));
  const kept = queue.run(async () => 'kept', { keep: true });
  queue.overtake(killed);
  expect(await running).toBe(killed);
  expect(await waiting).toBe(killed);
  expect(await kept).toBe('kept');
});

test('a queue that is full says so', async () => {
  const queue = createVmQueue(1);
  const running = failure(queue.run(forever));
  const waiting = failure(queue.run(async () => {}));
  expect(await failure(queue.run(async () => {}))).toMatchObject({ code: 'TOO_MANY' });
  queue.overtake(killed);
  await Promise.all([running, waiting]);
  await queue.idle();
});

test('a gate lets so many in, then the next in their order; who gives up leaves the line', async () => {
  const gate = createGate(1);
  const stay = new AbortController();
  const first = await gate.enter(stay.signal);
  const leave = new AbortController();
  const second = failure(gate.enter(leave.signal));
  const third = gate.enter(stay.signal);
  leave.abort(killed);
  expect(await second).toBe(killed);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  const inside = await third;
  const fourth = gate.enter(stay.signal);
  inside[Symbol.dispose]();
  (await fourth)[Symbol.dispose]();
});
