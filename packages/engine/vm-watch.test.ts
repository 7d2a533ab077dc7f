import { expect, test } from 'bun:test';
import { openBench } from '@mvirt/testkit/engine/bench';
import type { VmChangeNotice } from './services.ts';

async function next(watch: AsyncIterator<VmChangeNotice>): Promise<VmChangeNotice> {
  const { value, done } = await watch.next();
  if (done) throw new Error('the watch has ended');
  return value;
}

const brief = (notice: VmChangeNotice) =>
  notice.kind === 'snapshot' ? notice.vms.map((vm) => vm.name) : notice.kind === 'removed' ? notice.id : `${notice.vm.name} ${notice.vm.condition.observed}`;

test('first all VMs, then each change, then the end', async () => {
  await using bench = await openBench();
  const id = await bench.create({ name: 'web' });
  const leave = new AbortController();
  const watch = bench.vms().watch({ signal: leave.signal })[Symbol.asyncIterator]();
  expect(brief(await next(watch))).toEqual(['web']);
  const change = next(watch);
  await bench.vms().set(id, { labels: { a: 'b' } });
  expect(brief(await change)).toBe('web stopped');
  const other = await bench.create({ name: 'db' });
  expect(brief(await next(watch))).toBe('db stopped');
  await bench.vms().delete(other, {});
  expect(brief(await next(watch))).toBe(other);
  const end = watch.next();
  leave.abort();
  expect((await end).done).toBe(true);
});

test('a reader that is slow gets the latest of each VM, once', async () => {
  await using bench = await openBench();
  const ids = await Promise.all([bench.create({ name: 'web' }), bench.create({ name: 'db' })]);
  const leave = new AbortController();
  const watch = bench.vms().watch({ signal: leave.signal })[Symbol.asyncIterator]();
  await next(watch);
  for (const id of ids) for (let round = 0; round < 50; round++) await bench.vms().set(id, { labels: { round: String(round) } });
  const passing = await bench.create({ name: 'passing' });
  await bench.vms().delete(passing, {});
  const seen = [await next(watch), await next(watch)];
  expect(seen.map((notice) => notice.kind === 'changed' && notice.vm.spec.labels)).toEqual([{ round: '49' }, { round: '49' }]);
  const nothing = watch.next();
  leave.abort();
  expect((await nothing).done).toBe(true);
});

test('a start is seen step by step by whoever keeps up', async () => {
  await using bench = await openBench();
  const id = await bench.create({ name: 'web' });
  const leave = new AbortController();
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const notice of bench.vms().watch({ signal: leave.signal })) {
      seen.push(brief(notice));
      if (seen.at(-1) === 'web running') leave.abort();
    }
  })();
  const release = bench.hypervisor.holdLaunches();
  const start = bench.vms().start(id, {});
  await bench.clock.advance(0);
  release();
  await start;
  await reading;
  expect(seen).toEqual([['web'], 'web starting', 'web running']);
});
