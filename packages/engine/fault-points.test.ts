import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain';
import { type Method, type Operation, openWorld, operations, type World } from '@mvirt/testkit/engine/fault-operations';
import { createFaultPoints, type Fault, type FaultPoints } from '@mvirt/testkit/engine/fault-points';
import { expectTruth, expectUse } from '@mvirt/testkit/engine/fault-truth';
import { watchLeaks } from '@mvirt/testkit/leak-check';

type Ended = 'done' | 'failed' | 'dead';

/** Lets time pass until the operation has ended, or the agent has: what fails is tried again after a while, or ends by its deadline. */
async function drive({ bench }: World, { isReal }: Operation, work: Promise<unknown>, points: FaultPoints): Promise<Ended> {
  let ended: Ended | null = null;
  const end = (how: Ended) => () => {
    ended ??= how;
  };
  const settled = Promise.race([work.then(end('done'), end('failed')), points.died.then(end('dead'))]);
  while (ended === null) await Promise.race([settled, isReal ? settled : bench.clock.advance(500)]);
  return ended;
}

async function countPoints(operation: Operation): Promise<string[]> {
  const points = createFaultPoints();
  const world = await openWorld(points, operation);
  await using _closing = world.bench;
  points.arm(null, { kind: 'death' });
  expect(await drive(world, operation, operation.run(world), points)).toBe('done');
  const found = points.disarm();
  await world.bench.clock.advance(60_000);
  expectTruth(world.bench);
  await expectUse(world.bench);
  return found;
}

/** Runs the operation with a fault at one point. */
async function tryPoint(operation: Operation, at: number, fault: Fault): Promise<void> {
  const points = createFaultPoints();
  const world = await openWorld(points, operation);
  await using _closing = world.bench;
  points.arm(at, fault);
  const ended = await drive(world, operation, operation.run(world), points);
  if (ended === 'dead' || fault.kind === 'death' || (ended === 'failed' && operation.isBirth)) {
    await world.bench.clock.advance(0);
    world.bench.crash();
    points.disarm();
    await world.bench.reborn();
  }
  points.disarm();
  await world.bench.clock.advance(60_000);
  expectTruth(world.bench);
  await expectUse(world.bench);
}

const codes: Record<string, MvirtError['code']> = {
  store: 'DISK_FULL',
  network: 'NETWORK_ERROR',
  managed: 'NETWORK_ERROR',
  programs: 'PROGRAM_FAILED',
  driver: 'HYPERVISOR_ERROR',
  vmm: 'HYPERVISOR_ERROR',
};
const failure: Fault = { kind: 'failure', error: (port) => new MvirtError({ code: codes[port] ?? 'INTERNAL', message: `${port} fails here` }) };

for (const operation of operations) {
  for (const fault of [{ kind: 'death' } satisfies Fault, failure]) {
    test(`${operation.name}: ${fault.kind === 'death' ? 'the agent may die' : 'anything may fail'} at each of its steps`, async () => {
      await using _leaks = watchLeaks();
      const found = await countPoints(operation);
      expect(found.length).toBeGreaterThan(0);
      for (const [at, name] of found.entries()) {
        try {
          await tryPoint(operation, at, fault);
        } catch (thrown) {
          throw new Error(
            `${operation.name}, ${fault.kind} at step ${at} of ${found.length} (${name}): ${thrown instanceof Error ? thrown.message : String(thrown)}`,
            { cause: thrown },
          );
        }
      }
    }, 120_000);
  }
}

test('every method that changes something is among the operations', async () => {
  const all: Record<Method, true> = {
    create: true,
    createFromContract: true,
    set: true,
    start: true,
    stop: true,
    kill: true,
    drain: true,
    reboot: true,
    pause: true,
    resume: true,
    delete: true,
    attachDisk: true,
    detachDisk: true,
    attachNic: true,
    detachNic: true,
    'network create': true,
    'network remove': true,
    'image beginImport': true,
    'image followImport': true,
    'image writeImport': true,
    'image finishImport': true,
    'image cancelImport': true,
    'image remove': true,
  };
  const covered = new Set(operations.flatMap(({ covers }) => covers));
  expect(Object.keys(all).filter((method) => !covered.has(method as Method))).toEqual([]);
});
