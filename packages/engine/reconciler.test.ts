import { expect, test } from 'bun:test';
import { openBench } from '@mvirt/testkit/engine/bench';

test('a VM that the recovery failed on is taken over later', async () => {
  await using bench = await openBench();
  const { processes } = bench.host;
  const { isAlive } = processes;
  let broken = false;
  processes.isAlive = (identity) => {
    if (broken) throw new Error('/proc is away for a moment');
    return isAlive(identity);
  };
  const id = await bench.started();
  bench.crash();
  broken = true;
  await bench.reborn();
  broken = false;
  expect(bench.log.some((line) => line.includes('could not be recovered'))).toBe(true);
  await bench.clock.advance(30_000);
  expect(bench.events(id).at(-1)).toBe('adopted');
  expect((await bench.vms().stop(id, { graceMs: 1000 })).vm.condition.cause?.kind).toBe('asked-stop');
});

test('an end that nobody was told of is seen all the same, also later ones', async () => {
  await using bench = await openBench();
  const processes = bench.host.processes;
  const { onEnd } = processes;
  for (const signal of ['SIGSEGV', 'SIGKILL'] as const) {
    processes.onEnd = () => ({ [Symbol.dispose]() {} });
    const id = await bench.started({ name: signal.toLowerCase() });
    processes.onEnd = onEnd;
    const guest = bench.hypervisor.control(id);
    guest.loseFacts();
    guest.crash(signal);
    await bench.clock.advance(29_000);
    expect(bench.state(id)).toBe('running');
    await bench.clock.advance(31_000);
    expect((await bench.until(id, 'stopped')).condition.cause).toMatchObject({ kind: 'vmm-signal', signal });
  }
});

test('a VMM that could not be taken over when the agent began is taken over later, without a word in between', async () => {
  let broken = false;
  await using bench = await openBench({
    drivers: (fake) => [{ ...fake, adopt: async (run, options) => (broken ? Promise.reject(new Error('the host is busy')) : fake.adopt(run, options)) }],
  });
  const id = await bench.started();
  bench.crash();
  broken = true;
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'running', responsive: false });
  const told = bench.events(id).length;
  await bench.clock.advance(31_000);
  expect(bench.events(id)).toHaveLength(told);
  broken = false;
  await bench.clock.advance(30_000);
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'running', responsive: true });
  await bench.vms().pause(id, {});
  expect(bench.state(id)).toBe('paused');
  bench.hypervisor.control(id).crash('SIGABRT');
  expect((await bench.until(id, 'stopped')).condition.cause).toMatchObject({ signal: 'SIGABRT' });
});

test('a VMM that ends while it is taken over again stays ended', async () => {
  let broken = false;
  let atAdoption = async (): Promise<unknown> => null;
  await using bench = await openBench({
    drivers: (fake) => [
      {
        ...fake,
        async adopt(run, options) {
          if (broken) throw new Error('the host is busy');
          const vmm = await fake.adopt(run, options);
          await atAdoption();
          return vmm;
        },
      },
    ],
  });
  const id = await bench.started();
  bench.crash();
  broken = true;
  await bench.reborn();
  broken = false;
  const asked = Promise.withResolvers<void>();
  atAdoption = async () => {
    await bench.vms().kill(id, {});
    asked.resolve();
  };
  await bench.clock.advance(31_000);
  await asked.promise;
  await bench.clock.advance(31_000);
  expect(bench.state(id)).toBe('stopped');
  expect(bench.events(id).filter((type) => type === 'adopted')).toHaveLength(1);
});

test('a VMM that was too slow to say its state, and never fell silent, is heard later', async () => {
  let slow = false;
  await using bench = await openBench({
    drivers: (fake) => [
      {
        ...fake,
        async adopt(run, options) {
          const vmm = await fake.adopt(run, options);
          return { ...vmm, status: (asked) => (slow ? Promise.reject(new Error('not in time')) : vmm.status(asked)) };
        },
      },
    ],
  });
  const id = await bench.started();
  bench.crash();
  slow = true;
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'running', responsive: false });
  slow = false;
  await bench.clock.advance(31_000);
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'running', responsive: true });
  expect(bench.events(id).at(-1)).toBe('responsive');
});
