import { expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { MvirtError, type VmId } from '@mvirt/domain';
import type { Engine } from '@mvirt/engine';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { createFaultPoints, type Fault, type FaultPoints } from '@mvirt/testkit/engine/fault-points';

type World = { bench: Bench; id: VmId; disk: string };
type Operation = {
  name: string;
  /** Before it: the VM is made, and runs where it has to. */
  from: 'nothing' | 'stopped' | 'running';
  run(world: World): Promise<unknown>;
};

const mac = '52:54:00:00:00:77';
const vms = ({ bench }: World): Engine['vms'] => bench.vms();

const operations: Operation[] = [
  { name: 'create', from: 'nothing', run: ({ bench }) => bench.vms().create({ name: 'new', kernel: bench.dir.join('kernel'), nics: [{}] }) },
  { name: 'set', from: 'running', run: (world) => vms(world).set(world.id, { vcpus: 2, name: 'renamed', restart: 'always' }) },
  { name: 'start', from: 'stopped', run: (world) => vms(world).start(world.id, {}) },
  { name: 'pause', from: 'running', run: (world) => vms(world).pause(world.id, {}) },
  { name: 'reboot', from: 'running', run: (world) => vms(world).reboot(world.id, {}) },
  { name: 'stop', from: 'running', run: (world) => vms(world).stop(world.id, { graceMs: 60_000 }) },
  { name: 'kill', from: 'running', run: (world) => vms(world).kill(world.id, {}) },
  { name: 'delete', from: 'stopped', run: (world) => vms(world).delete(world.id, {}) },
  { name: 'attach a disk', from: 'running', run: (world) => vms(world).attachDisk(world.id, { path: world.disk, readonly: false }, {}) },
  { name: 'attach a NIC', from: 'running', run: (world) => vms(world).attachNic(world.id, { mac }, {}) },
  {
    name: 'attach and detach a disk',
    from: 'running',
    async run(world) {
      await vms(world).attachDisk(world.id, { path: world.disk, readonly: false }, {});
      await vms(world).detachDisk(world.id, world.disk, {});
    },
  },
  {
    name: 'attach and detach a NIC',
    from: 'running',
    async run(world) {
      await vms(world).attachNic(world.id, { mac }, {});
      await vms(world).detachNic(world.id, mac, {});
    },
  },
  { name: 'drain', from: 'running', run: (world) => vms(world).drain({ graceMs: 60_000 }) },
];

async function open(points: FaultPoints, from: Operation['from']): Promise<World> {
  const bench = await openBench({ store: points.store, network: points.network, drivers: (fake) => [points.driver(fake)] });
  const kernel = bench.file('kernel');
  const world = { bench, disk: bench.file('disk.raw') };
  if (from === 'nothing') return { ...world, id: '' as VmId };
  const { vm } = await bench.vms().create({ name: 'web', kernel, nics: [{}] });
  if (from === 'running') await bench.vms().start(vm.id, {});
  return { ...world, id: vm.id };
}

/** What must hold whatever happened: what is listed is what lives, and nothing else does. */
function expectTruth({ bench }: World): void {
  const listed = bench.vms().list();
  const up = listed.filter(({ condition }) => condition.observed !== 'stopped');
  const living = bench.hypervisor.living();
  expect(up.map(({ id }) => String(id)).toSorted()).toEqual(living.map(({ run }) => run.vmId).toSorted());
  expect(bench.host.processes.alive()).toHaveLength(living.length);
  const taps = up.flatMap(({ id, nics }) => nics.flatMap(({ tap }) => (tap === null ? [] : [{ tap, vmId: String(id) }])));
  expect(bench.network.taps().toSorted((a, b) => a.tap.localeCompare(b.tap))).toEqual(taps.toSorted((a, b) => a.tap.localeCompare(b.tap)));
  const folder = bench.dir.join('vm');
  const folders = existsSync(folder) ? readdirSync(folder) : [];
  const ids = listed.map(({ id }) => String(id));
  expect(folders.filter((name) => !ids.includes(name))).toEqual([]);
  // What the guest has is what is kept of it.
  for (const vm of up) {
    const kept = [...vm.spec.disks.map(({ path }) => path), ...vm.nics.map((nic) => nic.mac)];
    expect(bench.hypervisor.control(vm.id).devices().toSorted()).toEqual(kept.toSorted());
  }
}

/** Each VM can still be used: stopped, started, and stopped again. */
async function expectUse({ bench }: World): Promise<void> {
  for (const { id } of bench.vms().list()) {
    const { vm } = await bench.vms().stop(id, { graceMs: 10_000 });
    expect(vm.condition.observed).toBe('stopped');
    await bench.vms().start(id, {});
  }
}

async function countPoints(operation: Operation): Promise<string[]> {
  const points = createFaultPoints();
  const world = await open(points, operation.from);
  await using _closing = world.bench;
  points.arm(null, { kind: 'death' });
  await operation.run(world);
  await world.bench.clock.advance(1000);
  return points.disarm();
}

/** Runs the operation with a fault at one point. Answers with the point's name. */
async function tryPoint(operation: Operation, at: number, fault: Fault): Promise<string> {
  const points = createFaultPoints();
  const world = await open(points, operation.from);
  await using _closing = world.bench;
  points.arm(at, fault);
  const ended = operation.run(world).then(
    () => 'done',
    () => 'failed',
  );
  if (fault.kind === 'death') {
    await Promise.race([ended, points.died]);
    await world.bench.clock.advance(0);
    world.bench.crash();
    const made = points.disarm();
    await world.bench.reborn();
    await world.bench.clock.advance(60_000);
    expectTruth(world);
    await expectUse(world);
    return made[at] ?? '';
  }
  // What fails is tried again after a while, or ends by its deadline.
  let over = false;
  const settled = ended.finally(() => {
    over = true;
  });
  while (!over) await Promise.race([settled, world.bench.clock.advance(1000)]);
  const made = points.disarm();
  await world.bench.clock.advance(60_000);
  expectTruth(world);
  await expectUse(world);
  return made[at] ?? '';
}

const codes: Record<string, MvirtError['code']> = { store: 'DISK_FULL', network: 'NETWORK_ERROR', driver: 'HYPERVISOR_ERROR', vmm: 'HYPERVISOR_ERROR' };
const failure: Fault = { kind: 'failure', error: (port) => new MvirtError({ code: codes[port] ?? 'INTERNAL', message: `${port} fails here` }) };

for (const operation of operations) {
  for (const fault of [{ kind: 'death' } satisfies Fault, failure]) {
    test(`${operation.name}: ${fault.kind === 'death' ? 'the agent may die' : 'anything may fail'} at each of its steps`, async () => {
      const found = await countPoints(operation);
      expect(found.length).toBeGreaterThan(1);
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
