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
