import { expect, test } from 'bun:test';
import { rmSync } from 'node:fs';
import { maxRestarts, type VmId } from '@mvirt/domain';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';
import { createFakeProcesses } from '@mvirt/testkit/fake-processes';
import { waitFor } from '@mvirt/testkit/wait-for';

/** Lets time pass until the VM runs again; answers with how long that took. */
async function untilUp(bench: Bench, id: VmId): Promise<number> {
  const fromMs = bench.clock.nowMs();
  await waitFor(`VM ${id} to run`, async () => {
    if (bench.state(id) === 'running') return true;
    await bench.clock.advance(500);
    return bench.state(id) === 'running';
  });
  return bench.clock.nowMs() - fromMs;
}

/** The host boots: all its processes are gone, and the next agent sees another boot id. */
async function reboot(bench: Bench, bootId: string): Promise<void> {
  bench.crash();
  for (const guest of bench.hypervisor.living()) guest.crash();
  Object.assign(bench.host.processes, { bootId: createFakeProcesses(bootId).bootId });
  await bench.reborn();
}

test('a VM that fails is started again, and longer is waited each time; a sound run ends the row', async () => {
  await using bench = await openBench();
  const id = await bench.started({ restart: 'on-failure' });
  const waited: number[] = [];
  for (let round = 0; round < 4; round++) {
    bench.hypervisor.control(id).crash('SIGSEGV');
    const stopped = await bench.until(id, 'stopped');
    expect(stopped.condition).toMatchObject({ wanted: 'running', cause: { kind: 'vmm-signal' }, restart: { attempts: round + 1 } });
    waited.push(await untilUp(bench, id));
  }
  expect(waited).toEqual([1000, 2000, 4000, 8000]);
  expect(bench.events(id).slice(0, 7)).toEqual(['created', 'starting', 'started', 'stopped', 'restarting', 'starting', 'started']);
  await bench.clock.advance(60_000);
  bench.hypervisor.control(id).crash();
  await bench.until(id, 'stopped');
  expect(await untilUp(bench, id)).toBe(1000);
});

test('it gives up after so many restarts in a row, and a start by hand begins a new row', async () => {
  await using bench = await openBench();
  const id = await bench.started({ name: 'web', restart: 'always' });
  for (let round = 0; round < maxRestarts; round++) {
    bench.hypervisor.control(id).panic();
    await bench.until(id, 'stopped');
    await untilUp(bench, id);
  }
  bench.hypervisor.control(id).panic();
  await bench.until(id, 'stopped');
  await bench.clock.advance(3_600_000);
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'stopped', wanted: 'stopped', cause: { kind: 'guest-panic' }, restart: null });
  expect(bench.engine().events.read({ since: null, vmId: id, limit: 1 })).toMatchObject([
    { type: 'gave-up', message: expect.stringContaining('10 restarts'), detail: { hint: expect.stringContaining('mvirt start web') } },
  ]);
  await bench.vms().start(id, {});
  bench.hypervisor.control(id).panic();
  await bench.until(id, 'stopped');
  expect(await untilUp(bench, id)).toBe(1000);
});

test("a guest's own power-off is the end for on-failure, and none for always", async () => {
  await using bench = await openBench();
  const [failing, always, never] = [await bench.started({ restart: 'on-failure' }), await bench.started({ restart: 'always' }), await bench.started()];
  for (const id of [failing, always, never]) bench.hypervisor.control(id).powerOff();
  for (const id of [failing, always, never]) await bench.until(id, 'stopped');
  await untilUp(bench, always);
  await bench.clock.advance(600_000);
  expect([failing, always, never].map((id) => bench.state(id))).toEqual(['stopped', 'running', 'stopped']);
});

test('a VM that its user stops or kills stays stopped, also while its restart is waited for', async () => {
  await using bench = await openBench();
  const [stopped, killed, waiting, changed] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => bench.started({ name, restart: 'always' })));
  if (!stopped || !killed || !waiting || !changed) throw new Error('four were started');
  await bench.vms().stop(stopped, { graceMs: 1000 });
  await bench.vms().kill(killed, {});
  for (const id of [waiting, changed]) bench.hypervisor.control(id).crash();
  for (const id of [waiting, changed]) await bench.until(id, 'stopped');
  expect(await bench.vms().stop(waiting, { graceMs: 1000 })).toMatchObject({ changed: true, vm: { condition: { wanted: 'stopped', restart: null } } });
  expect(bench.events(waiting).at(-1)).toBe('changed');
  await bench.vms().set(changed, { restart: 'never' });
  await bench.clock.advance(600_000);
  expect([stopped, killed, waiting, changed].map((id) => bench.state(id))).toEqual(['stopped', 'stopped', 'stopped', 'stopped']);
  expect(bench.vms().get(changed).condition).toMatchObject({ wanted: 'stopped', restart: null });
});

test("a restart that cannot begin is tried again, and its cause is the VM's", async () => {
  await using bench = await openBench({ hypervisor: { missingFiles: 'refused' } });
  const kernel = bench.file('vmlinux');
  const id = await bench.started({ kernel, restart: 'on-failure' });
  rmSync(kernel);
  bench.hypervisor.control(id).crash();
  await bench.until(id, 'stopped');
  await bench.clock.advance(1000);
  await waitFor('the failed restart', () => bench.vms().get(id).condition.cause?.kind === 'start-failed');
  expect(bench.vms().get(id).condition).toMatchObject({ wanted: 'running', cause: { detail: expect.stringContaining('vmlinux') }, restart: { attempts: 2 } });
  bench.file('vmlinux');
  expect(await untilUp(bench, id)).toBe(2000);
  bench.hypervisor.failNextLaunch('no memory');
  bench.hypervisor.control(id).crash();
  await bench.until(id, 'stopped');
  await bench.clock.advance(4000);
  await waitFor('the failed launch', () => bench.vms().get(id).condition.cause?.detail.includes('no memory'));
  expect(bench.vms().get(id).condition).toMatchObject({ wanted: 'running', restart: { attempts: 4 } });
  expect(await untilUp(bench, id)).toBe(8000);
});

test('a restart that was waited for goes on with the next agent', async () => {
  await using bench = await openBench();
  const id = await bench.started({ restart: 'on-failure' });
  bench.hypervisor.control(id).crash();
  await bench.until(id, 'stopped');
  bench.crash();
  await bench.reborn();
  expect(await untilUp(bench, id)).toBeLessThanOrEqual(1000);
});

test('a VM that fails while no agent watches is started by the next one', async () => {
  await using bench = await openBench();
  const [failed, off] = [await bench.started({ restart: 'on-failure' }), await bench.started({ restart: 'on-failure' })];
  bench.crash();
  bench.hypervisor.control(failed).crash('SIGBUS');
  bench.hypervisor.control(off).powerOff();
  await bench.reborn();
  await untilUp(bench, failed);
  expect(bench.vms().get(off).condition).toMatchObject({ observed: 'stopped', wanted: 'stopped' });
});

test('a boot of the host starts what should be up, in its order', async () => {
  await using bench = await openBench();
  const last = await bench.create({ name: 'last', autostart: { order: 9 } });
  const first = await bench.create({ name: 'first', autostart: { order: 1, delayMs: 20_000 } });
  const failing = await bench.started({ name: 'failing', restart: 'on-failure' });
  const plain = await bench.started({ name: 'plain' });
  const byHand = await bench.started({ name: 'by-hand', autostart: {} });
  await bench.vms().stop(byHand, { graceMs: 1000 });
  bench.crash();
  await bench.reborn();
  await bench.clock.advance(60_000);
  expect([bench.state(last), bench.state(first)]).toEqual(['stopped', 'stopped']); // the agent alone was started anew

  await reboot(bench, 'second');
  await untilUp(bench, first);
  expect(bench.state(last)).toBe('stopped');
  await untilUp(bench, last);
  await untilUp(bench, failing);
  expect(bench.vms().get(failing).condition.cause?.kind).toBe('host-reboot');
  expect([bench.state(plain), bench.state(byHand)]).toEqual(['stopped', 'stopped']);
  const order = bench
    .engine()
    .events.read({ since: null, limit: 1000 })
    .filter(({ type }) => type === 'started');
  expect(order.slice(-3).map(({ vmName }) => vmName)).toEqual(['first', 'last', 'failing']);
});

test('a VM that a boot cannot start says why, and without a policy stays so', async () => {
  await using bench = await openBench({ hypervisor: { missingFiles: 'refused' } });
  const kernel = bench.file('vmlinux');
  const id = await bench.create({ kernel, autostart: {} });
  rmSync(kernel);
  await reboot(bench, 'second');
  await bench.clock.advance(1000);
  await waitFor('the failed start', () => bench.vms().get(id).condition.cause?.kind === 'start-failed');
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'stopped', wanted: 'stopped', restart: null });
  expect(bench.vms().get(id).endedAtMs).not.toBeNull();
});

test('a drain stops all that is up, within one deadline, and the next boot brings it back', async () => {
  await using bench = await openBench({ hypervisor: { manners: { hearsButton: false } } });
  const deaf = await bench.started({ name: 'deaf' });
  const paused = await bench.started({ name: 'paused' });
  await bench.vms().pause(paused, {});
  const waiting = await bench.started({ name: 'waiting', restart: 'always' });
  bench.hypervisor.control(waiting).crash();
  await bench.until(waiting, 'stopped');
  const off = await bench.create({ name: 'off' });

  const drained = bench.vms().drain({ graceMs: 20_000 });
  expect(await failure(bench.vms().start(off, {}))).toMatchObject({ code: 'WRONG_STATE', message: expect.stringContaining('the host goes down') });
  await bench.clock.advance(20_000);
  const outcomes = await drained;
  expect(outcomes.map(({ vm, error }) => [vm.name, vm.condition.observed, error]).toSorted()).toEqual([
    ['deaf', 'stopped', null],
    ['paused', 'stopped', null],
  ]);
  await bench.clock.advance(600_000);
  expect([deaf, paused, waiting, off].map((id) => bench.state(id))).toEqual(['stopped', 'stopped', 'stopped', 'stopped']);
  bench.crash();
  await bench.reborn(); // an agent that is started anew starts nothing
  await bench.clock.advance(600_000);
  expect(bench.hypervisor.living()).toEqual([]);

  await reboot(bench, 'second');
  for (const id of [deaf, paused, waiting]) await untilUp(bench, id);
  expect(bench.state(off)).toBe('stopped');
});

test('a drain leaves a VM stopped that its user is stopping, and one that is stopped during it', async () => {
  await using bench = await openBench({ hypervisor: { manners: { hearsButton: false } } });
  const [before, during] = [await bench.started({ name: 'before' }), await bench.started({ name: 'during' })];
  const stops = [bench.vms().stop(before, { graceMs: 60_000 })];
  const drained = bench.vms().drain({ graceMs: 10_000 });
  stops.push(bench.vms().stop(during, { graceMs: 60_000 }));
  await bench.clock.advance(10_000);
  await Promise.all([drained, ...stops]);
  await reboot(bench, 'second');
  await bench.clock.advance(60_000);
  expect([bench.state(before), bench.state(during)]).toEqual(['stopped', 'stopped']);
});
