import { expect, test } from 'bun:test';
import { asVmId, type EventDraft, type LifecycleEvent } from '@mvirt/domain';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { createFakeClock } from '@mvirt/testkit/fake-clock';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createEventLog, type EventLogDeps } from './event-log.ts';

const draft: EventDraft = { type: 'warning', message: 'something' };
const dayMs = 24 * 60 * 60 * 1000;

function eventBench(bounds?: EventLogDeps['bounds']) {
  const dir = tempDir('events');
  const clock = createFakeClock();
  const store = createSqliteStore({ dataDir: dir.path, clock: clock.nowMs });
  const open = () => createEventLog({ store, clock, ...(bounds === undefined ? {} : { bounds }) });
  const log = open();
  const stop = new AbortController();
  const pumps: Promise<void>[] = [];
  return {
    clock,
    store,
    log,
    open,
    note(vmId = 'a') {
      const event = store.transact(() => log.record({ id: vmId, name: vmId }, draft));
      log.flush();
      return event;
    },
    /** In one transaction, as fast as the disk takes one. */
    noteMany(count: number) {
      store.transact(() => {
        for (let noted = 0; noted < count; noted++) log.record({ id: 'a', name: 'a' }, draft);
      });
      log.flush();
    },
    follow(since: number | null, vmId?: string) {
      const seen: number[] = [];
      const stream = log.watch({ since, signal: stop.signal, ...(vmId === undefined ? {} : { vmId: asVmId(vmId) }) });
      pumps.push(
        (async () => {
          for await (const event of stream) seen.push(event.seq);
        })(),
      );
      return seen;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(pumps);
      log.close();
      store.close();
      dir[Symbol.dispose]();
    },
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('a watch gets what is stored, then what comes, none missing and none twice', async () => {
  await using bench = eventBench();
  bench.noteMany(600);
  const all = bench.follow(0);
  const some = bench.follow(590);
  const live = bench.follow(null);
  for (let count = 0; count < 50; count++) bench.note();
  await waitFor('all events', () => all.length === 650 && some.length === 60 && live.length === 50);
  expect(all).toEqual(range(1, 650));
  expect(some).toEqual(range(591, 650));
  expect(live).toEqual(range(601, 650));
});

test('a watch of one VM sees that VM alone; events go on over a new agent', async () => {
  await using bench = eventBench();
  const ofB = bench.follow(0, 'b');
  for (const vm of ['a', 'b', 'a', 'b', 'a']) bench.note(vm);
  await waitFor('both', () => ofB.length === 2);
  expect(ofB).toEqual([2, 4]);
  expect(bench.open().lastSeq()).toBe(5);
  expect(bench.log.read({ since: null, limit: 2 }).map(({ seq }) => seq)).toEqual([4, 5]);
  expect(bench.log.read({ since: 1, vmId: asVmId('a'), limit: 10 }).map(({ seq }) => seq)).toEqual([3, 5]);
});

test('what is rolled back is told to nobody, and nothing is told before the flush', async () => {
  await using bench = eventBench();
  const seen = bench.follow(0);
  expect(() =>
    bench.store.transact(() => {
      bench.log.record({ id: 'a', name: null }, draft);
      throw new Error('rolled back');
    }),
  ).toThrow('rolled back');
  bench.log.flush();
  const { seq } = bench.note();
  await waitFor('the event', () => seen.length > 0);
  expect(seen).toEqual([seq]);
});

test('a number that no event has yet is refused with the last one as a hint', async () => {
  await using bench = eventBench();
  bench.note();
  const watch = () => bench.log.watch({ since: 2, signal: AbortSignal.abort() });
  expect(watch).toThrow('no event has the number 2 yet');
  expect(() => bench.log.watch({ since: 1, signal: AbortSignal.abort() })).not.toThrow();
});

test('a watcher that stalls goes on from the store', async () => {
  await using bench = eventBench();
  const stop = new AbortController();
  const stream = bench.log.watch({ since: 0, signal: stop.signal })[Symbol.asyncIterator]();
  bench.note();
  expect((await stream.next()).value?.seq).toBe(1);
  let reads = 0;
  const { since } = bench.store.events;
  bench.store.events.since = (...given) => {
    reads += 1;
    return since(...given);
  };
  for (let batch = 0; batch < 10; batch++) bench.noteMany(500);
  // Nobody asked for more: nothing was read for it.
  expect(reads).toBe(0);
  const rest: (LifecycleEvent | undefined)[] = [];
  while (rest.length < 5000) rest.push((await stream.next()).value);
  expect(rest.map((event) => event?.seq)).toEqual(range(2, 5001));
  stop.abort();
  expect((await stream.next()).done).toBe(true);
});

test('a flood of events keeps the bound; who asks for old ones learns that they are gone', async () => {
  await using bench = eventBench({ keep: 100, olderThanMs: 30 * dayMs, spare: 10 });
  for (let batch = 0; batch < 50; batch++) {
    bench.noteMany(100);
    expect(bench.log.read({ since: 0, limit: 10_000 }).length).toBeLessThanOrEqual(1100);
  }
  const kept = bench.log.read({ since: 0, limit: 10_000 });
  expect(kept.at(-1)?.seq).toBe(5000);
  expect(bench.log.droppedTo()).toBe((kept[0]?.seq ?? 0) - 1);
  expect(bench.open().droppedTo()).toBe(bench.log.droppedTo());
});

test('what is too old goes, but for the newest; numbers are not used again', async () => {
  await using bench = eventBench({ keep: 100, olderThanMs: 30 * dayMs, spare: 10 });
  bench.noteMany(50);
  await bench.clock.advance(29 * dayMs);
  expect(bench.log.read({ since: 0, limit: 100 })).toHaveLength(50);
  await bench.clock.advance(2 * dayMs);
  expect(bench.log.read({ since: 0, limit: 100 }).map(({ seq }) => seq)).toEqual(range(41, 50));
  bench.noteMany(10);
  await bench.clock.advance(dayMs);
  expect(bench.log.read({ since: 0, limit: 100 }).map(({ seq }) => seq)).toEqual(range(51, 60));
  expect(bench.log.droppedTo()).toBe(50);
});

test('a clock that is set forward, and back again, drops nothing; one that stays there, not the newest', async () => {
  await using bench = eventBench({ keep: 1000, olderThanMs: 90 * dayMs, spare: 10 });
  bench.noteMany(50);
  const all = range(1, 50);
  const left = () => bench.log.read({ since: 0, limit: 1000 }).map(({ seq }) => seq);
  await bench.clock.advance(dayMs / 48);
  bench.clock.jump(100 * dayMs);
  expect(left()).toEqual(all);
  // The hour in which it was set says nothing of ages.
  await bench.clock.advance(dayMs / 24);
  bench.clock.jump(-100 * dayMs);
  await bench.clock.advance(dayMs / 24);
  expect(left()).toEqual(all);
  bench.open().close();
  bench.clock.jump(100 * dayMs);
  bench.open().close();
  expect(left()).toEqual(all);
  await bench.clock.advance(dayMs / 8);
  expect(left()).toEqual(range(41, 50));
});

test('closing ends every watch', async () => {
  await using bench = eventBench();
  const stream = bench.log.watch({ since: null, signal: new AbortController().signal })[Symbol.asyncIterator]();
  const next = stream.next();
  bench.log.close();
  expect((await next).done).toBe(true);
});
