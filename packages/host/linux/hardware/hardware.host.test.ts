import { expect, test } from 'bun:test';
import { cpus, networkInterfaces, totalmem } from 'node:os';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { createPrograms } from '../programs.ts';
import { createHostHardware } from './index.ts';
import { createSysReader } from './sys-reader.ts';

test('this host, without holding up the event loop', async () => {
  await using _leaks = watchLeaks();
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  const { cpu, memory, numaNodes, nics } = await createHostHardware({ programs: createPrograms() }).read();
  clearInterval(turning);
  expect(turns).toBeGreaterThan(10);
  expect(cpu.logicalCores).toBe(cpus().length);
  expect(cpu.physicalCores).toBeGreaterThan(0);
  expect(cpu.cores.every(({ usagePercent }) => usagePercent >= 0 && usagePercent <= 100)).toBe(true);
  expect(memory.totalBytes).toBe(totalmem());
  expect(numaNodes.flatMap(({ cpuIds }) => cpuIds).length).toBe(numaNodes.length === 0 ? 0 : cpu.logicalCores);
  const external = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4');
  for (const { address, mac } of external) expect(nics.filter((nic) => nic.ipv4.includes(address) && nic.mac === mac)).toHaveLength(1);
});

test('what cannot be read is null', async () => {
  using sys = createSysReader();
  expect(await sys.text('/proc/sys/kernel/ostype')).toBe('Linux');
  expect(await sys.text('/proc/self/mem')).toBeNull();
  expect(await sys.text('/no/such')).toBeNull();
  expect(await sys.list('/no/such')).toEqual([]);
  expect(await sys.linkName('/proc/self/exe')).not.toBeNull();
  expect(await sys.linkName('/proc/version')).toBeNull();
});
