import { expect, test } from 'bun:test';
import { asVmId, type LifecycleEvent } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import { doubleVm } from '@mvirt/testkit/double-services';
import { openBench } from '@mvirt/testkit/engine/bench';
import type { VmMilestone } from './services.ts';
import { createVmMoments, watchMilestones } from './vm-moments.ts';

const vm = (revision: number, userData: string | null = null): StoredVm => {
  const { spec, ...rest } = doubleVm('a');
  return { ...rest, revision, spec: { ...spec, userData }, unknownKeys: {}, run: null };
};

test('moments are kept while somebody watches, and a bounded number of them', () => {
  const moments = createVmMoments();
  moments.keep(1, vm(1));
  expect(moments.at(1)).toBeNull();
  const one = moments.watching();
  const other = moments.watching();
  for (let seq = 1; seq <= 300; seq++) moments.keep(seq, vm(seq));
  expect(moments.at(44)).toBeNull();
  expect(moments.at(45)?.revision).toBe(45);
  one[Symbol.dispose]();
  expect(moments.at(300)?.revision).toBe(300);
  other[Symbol.dispose]();
  expect(moments.at(300)).toBeNull();
});

test('user data, which may be large, is bounded by its length', () => {
  const moments = createVmMoments();
  using _watching = moments.watching();
  const mib = 'x'.repeat(1 << 20);
  for (let seq = 1; seq <= 20; seq++) moments.keep(seq, vm(seq, mib));
  expect(Array.from({ length: 20 }, (_, index) => index + 1).filter((seq) => moments.at(seq) !== null)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
});

test('a watcher that fell far behind is told of the VM as it is now, or of none', async () => {
  const moments = createVmMoments();
  const told: VmMilestone[] = [];
  const stop = new AbortController();
  const event = (seq: number, type: LifecycleEvent['type'], vmId: string): LifecycleEvent => ({
    seq,
    atMs: seq,
    vmId,
    vmName: null,
    type,
    message: '',
    detail: {},
  });
  async function* watch() {
    moments.keep(4, vm(4));
    yield* [event(1, 'created', 'a'), event(2, 'starting', 'a'), event(3, 'deleted', 'gone'), event(4, 'started', 'a')];
  }
  const deps = {
    events: { watch, lastSeq: () => 0 },
    moments,
    snapshot: ({ id, revision }: StoredVm) => ({ ...doubleVm(id), revision }),
    find: (id: string) => (id === 'a' ? vm(99) : null),
  };
  for await (const milestone of watchMilestones(deps, { signal: stop.signal })) told.push(milestone);
  expect(told.map(({ kind, vm }) => `${kind} ${vm?.revision}`)).toEqual(['created 99', 'deleted undefined', 'started 4']);
  stop.abort();
  expect(moments.at(4)).toBeNull();
});

test('milestones of an engine: what was rolled back is none, and one that fails to start neither', async () => {
  await using bench = await openBench();
  const stop = new AbortController();
  const told: string[] = [];
  const reading = (async () => {
    for await (const { kind, vmId, vm } of bench.engine().events.milestones({ signal: stop.signal })) told.push(`${vmId} ${kind} ${vm?.condition.observed}`);
  })();
  const id = await bench.create({ id: 'a' });
  await bench
    .vms()
    .create({ id: 'a', kernel: '/k' })
    .catch(() => {});
  bench.hypervisor.failNextLaunch('no');
  await bench
    .vms()
    .start(id, {})
    .catch(() => {});
  await bench.vms().start(id, {});
  await bench.vms().kill(id, {});
  await bench.vms().delete(id, {});
  await bench.clock.advance(0);
  stop.abort();
  await reading;
  expect(told).toEqual(['a created stopped', 'a started running', 'a stopped stopped', 'a deleted stopped']);
  expect(asVmId('a')).toBe(id);
});
