import { expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { descriptorsOf, residentBytes, slopeOf } from '@mvirt/testkit/chaos/growth';
import { openBench } from '@mvirt/testkit/engine/bench';

const [warmUp, cycles, measureEvery] = [300, 1000, 20];

test('a thousand VMs created, started, stopped and deleted: descriptors, timers, TAPs, folders and memory stay flat', async () => {
  await using bench = await openBench();
  const kernel = bench.file('kernel');
  const cycle = async (): Promise<void> => {
    const { vm } = await bench.vms().create({ name: 'web', kernel, nics: [{}], userData: '#cloud-config\n' });
    await bench.vms().start(vm.id, {});
    await bench.vms().stop(vm.id, { graceMs: 10_000 });
    await bench.vms().delete(vm.id, {});
  };
  const held = () => ({
    descriptors: descriptorsOf('self'),
    timers: bench.clock.pending(),
    taps: bench.network.taps(),
    processes: bench.host.processes.alive(),
    folders: existsSync(bench.dir.join('vm')) ? readdirSync(bench.dir.join('vm')) : [],
  });
  for (let round = 0; round < warmUp; round++) await cycle();
  const before = held();
  const resident: number[] = [];
  for (let round = 1; round <= cycles; round++) {
    await cycle();
    if (round % measureEvery !== 0) continue;
    Bun.gc(true);
    resident.push(residentBytes('self'));
    expect(held()).toEqual(before);
  }
  const growthBytes = Math.round((slopeOf(resident) / measureEvery) * cycles);
  console.log(`cycles: ${cycles} on the fake, ${before.descriptors.length} descriptors, ${growthBytes} bytes more by the slope`);
  expect(growthBytes).toBeLessThan(10 * 1024 * 1024);
});
