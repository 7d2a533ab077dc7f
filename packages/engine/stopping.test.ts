import { expect, test } from 'bun:test';
import { openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';

const deaf = { hypervisor: { manners: { hearsButton: false } } };

test('the button is pressed again every 5 s, then the power is cut', async () => {
  await using bench = await openBench(deaf);
  const id = await bench.started();
  const guest = bench.hypervisor.control(id);
  const stop = bench.vms().stop(id, { graceMs: 30_000 });
  await bench.clock.advance(12_000);
  expect(guest.state().buttonPresses).toBe(3);
  expect(bench.state(id)).toBe('stopping');
  await bench.clock.advance(18_000);
  expect(await stop).toMatchObject({
    changed: true,
    vm: { condition: { observed: 'stopped', cause: { kind: 'powered-off', hint: expect.stringContaining('stop -t') } } },
  });
  expect(guest.state().buttonPresses).toBe(6);
});

test('a guest that hears only a later press is stopped gracefully', async () => {
  await using bench = await openBench(deaf);
  const id = await bench.started();
  const stop = bench.vms().stop(id, { graceMs: 30_000 });
  await bench.clock.advance(6000);
  bench.hypervisor.control(id).manners.hearsButton = true;
  await bench.clock.advance(5000);
  expect((await stop).vm.condition.cause?.kind).toBe('asked-stop');
});

test('a second stop shortens the first, never lengthens it', async () => {
  await using bench = await openBench(deaf);
  const id = await bench.started();
  const first = bench.vms().stop(id, { graceMs: null });
  await bench.clock.advance(60_000);
  const second = bench.vms().stop(id, { graceMs: 10_000 });
  const third = bench.vms().stop(id, { graceMs: 100_000 });
  await bench.clock.advance(9999);
  expect(bench.state(id)).toBe('stopping');
  await bench.clock.advance(1);
  expect((await first).vm.condition.cause?.kind).toBe('powered-off');
  expect([(await second).changed, (await third).changed]).toEqual([true, false]);
});

test('a stop whose caller left goes on', async () => {
  await using bench = await openBench(deaf);
  const id = await bench.started();
  const leave = new AbortController();
  const stop = failure(bench.vms().stop(id, { graceMs: 5000, signal: leave.signal }));
  leave.abort();
  expect(await stop).toMatchObject({ code: 'CANCELLED' });
  await bench.clock.advance(5000);
  await bench.until(id, 'stopped');
});

test('kill ends a stop without a limit', async () => {
  await using bench = await openBench(deaf);
  const id = await bench.started();
  const stop = bench.vms().stop(id, { graceMs: null });
  await bench.clock.advance(20_000);
  const kill = await bench.vms().kill(id, {});
  expect(kill).toMatchObject({ changed: true, vm: { condition: { observed: 'stopped', cause: { kind: 'killed' } } } });
  expect((await stop).vm.condition.observed).toBe('stopped');
});

test('kill works on a VMM that answers nothing, in the middle of a stop', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  bench.host.processes.signal(bench.hypervisor.control(id).process, 'SIGSTOP');
  const stop = bench.vms().stop(id, { graceMs: null });
  await bench.clock.advance(1000);
  expect((await bench.vms().kill(id, {})).vm.condition.cause?.kind).toBe('killed');
  await stop;
});

test('a VMM that does not do as it is told is killed at the end of a stop', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  bench.hypervisor.control(id).hang();
  const stop = bench.vms().stop(id, { graceMs: 1000 });
  await bench.clock.advance(1000);
  expect((await stop).vm.condition).toMatchObject({ observed: 'stopped', cause: { kind: 'powered-off' } });
});

test('a VMM that says it cuts the power, and lives on, is killed after a while', async () => {
  await using bench = await openBench({
    drivers: (fake) => [
      {
        ...fake,
        launch: async (request, options) => ({ ...(await fake.launch(request, options)), pressPowerButton: async () => {}, powerOff: async () => {} }),
      },
    ],
  });
  const id = await bench.started();
  const stop = bench.vms().stop(id, { graceMs: 1000 });
  await bench.clock.advance(5999);
  expect(bench.state(id)).toBe('stopping');
  await bench.clock.advance(1);
  expect((await stop).vm.condition.cause?.kind).toBe('powered-off');
});

test('a paused guest is woken to hear the button', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  await bench.vms().pause(id, {});
  expect((await bench.vms().stop(id, { graceMs: 30_000 })).vm.condition.cause?.kind).toBe('asked-stop');
});

test('a stop and a kill end a start that is under way, and nothing of it is left', async () => {
  await using bench = await openBench();
  for (const end of ['stop', 'kill'] as const) {
    const id = await bench.create({ nics: [{}] });
    const release = bench.hypervisor.holdLaunches();
    const start = failure(bench.vms().start(id, {}));
    await bench.until(id, 'starting');
    await bench.clock.advance(0);
    const { vm } = end === 'stop' ? await bench.vms().stop(id, { graceMs: 30_000 }) : await bench.vms().kill(id, {});
    expect(await start).toMatchObject({ code: 'WRONG_STATE' });
    expect(vm.condition).toMatchObject({ observed: 'stopped', cause: { kind: end === 'stop' ? 'powered-off' : 'killed' } });
    expect(bench.network.taps()).toEqual([]);
    expect(bench.host.processes.alive()).toEqual([]);
    release();
  }
});

test('kill ends a start that waits for its network, before there is any process', async () => {
  await using bench = await openBench();
  const id = await bench.create({ nics: [{}] });
  using _held = { [Symbol.dispose]: bench.network.holdPrepare() };
  const start = failure(bench.vms().start(id, {}));
  await bench.clock.advance(0);
  expect((await bench.vms().kill(id, {})).vm.condition.cause?.kind).toBe('killed');
  expect(await start).toMatchObject({ code: 'WRONG_STATE' });
});

test('a VM can be started at once after it was killed', async () => {
  await using bench = await openBench();
  const id = await bench.started({ nics: [{}] });
  for (let round = 0; round < 5; round++) {
    await bench.vms().kill(id, {});
    await bench.vms().start(id, {});
    expect(bench.network.taps()).toHaveLength(1);
  }
  expect(bench.hypervisor.living()).toHaveLength(1);
});

test('an end that the driver never tells is noticed all the same', async () => {
  await using bench = await openBench({
    drivers: (fake) => [{ ...fake, launch: async (request, options) => ({ ...(await fake.launch(request, options)), listen: () => {} }) }],
  });
  const id = await bench.started();
  bench.hypervisor.control(id).crash('SIGBUS');
  await bench.clock.advance(3000);
  expect((await bench.until(id, 'stopped')).condition.cause).toMatchObject({ kind: 'vmm-signal', signal: 'SIGBUS' });
});
