import { expect, test } from 'bun:test';
import { createHostHardware } from './index.ts';
import { parseInterfaces } from './nics.ts';
import { desktop, desktopInterfaces, type Machine, readerOf, server, virtualArm } from './testing/machines.ts';

function hardwareOf(machine: Machine, interfaces: string | null = '[]') {
  const clock = { nowMs: 0 };
  const slept: number[] = [];
  const hardware = createHostHardware({
    programs: { find: (name) => (interfaces === null ? null : `/sbin/${name}`), run: async () => ({ stdout: interfaces ?? '', stderr: '' }) },
    nowMs: () => clock.nowMs,
    sleep: async (ms) => {
      slept.push(ms);
      clock.nowMs += ms;
    },
    openReader: () => readerOf(machine),
  });
  return { read: () => hardware.read(), clock, slept };
}

const kib = 1024;

test('a desktop', async () => {
  const { cpu, memory, numaNodes, disks, nics } = await hardwareOf(desktop, desktopInterfaces).read();
  expect(cpu).toEqual({
    model: 'Intel(R) Core(TM) i3-7100 CPU @ 3.90GHz',
    vendor: 'GenuineIntel',
    physicalCores: 2,
    logicalCores: 4,
    sockets: 1,
    cores: [
      { id: 0, frequencyMhz: 3900, usagePercent: 0, numaNode: 0 },
      { id: 1, frequencyMhz: 800, usagePercent: 0, numaNode: 0 },
      { id: 2, frequencyMhz: 800, usagePercent: 0, numaNode: 0 },
      { id: 3, frequencyMhz: 800, usagePercent: 0, numaNode: 0 },
    ],
    flags: ['fpu', 'vmx'],
  });
  expect(memory).toEqual({
    totalBytes: 16_303_428 * kib,
    availableBytes: 12_000_000 * kib,
    cachedBytes: 4_000_000 * kib,
    swapTotalBytes: 1_000_000 * kib,
    swapUsedBytes: 4 * kib,
    hugepagesTotal: 0,
    hugepagesFree: 0,
    hugepageSizeKib: 2048,
  });
  expect(numaNodes).toEqual([{ id: 0, totalMemoryBytes: 16_303_428 * kib, freeMemoryBytes: 1_000_000 * kib, cpuIds: [0, 1, 2, 3] }]);
  expect(disks).toEqual([
    {
      device: '/dev/sda',
      model: 'WDC WD40EFRX-68N',
      serial: 'WD-WCC7K0000001',
      sizeBytes: 4_000_787_030_016,
      smartAvailable: false,
      smartHealthy: false,
      temperatureCelsius: 34,
      powerOnHours: null,
    },
  ]);
  const silent = { speedMbps: null, duplex: 'unknown', ipv4: [], ipv6: [] };
  expect(nics).toEqual([
    {
      name: 'enp3s0',
      mac: '00:11:22:33:44:55',
      isUp: true,
      speedMbps: 1000,
      duplex: 'full',
      ipv4: ['192.0.2.7'],
      ipv6: ['2001:db8::7', 'fe80::7'],
      driver: 'r8169',
      rxBytes: 9_007_199_254_740_991,
      txBytes: 2,
    },
    { ...silent, name: 'br0', mac: '52:54:00:aa:bb:cc', isUp: true, driver: 'bridge', rxBytes: 3, txBytes: 4 },
    { ...silent, name: 'enp4s0', mac: '00:11:22:33:44:66', isUp: false, driver: '', rxBytes: 0, txBytes: 0 },
  ]);
});

test('a server: two sockets and nodes, a CPU that is off, huge pages, an NVMe disk', async () => {
  const { cpu, memory, numaNodes, disks } = await hardwareOf(server).read();
  expect(cpu).toMatchObject({ physicalCores: 3, logicalCores: 3, sockets: 2, flags: [] });
  expect(cpu.cores.map(({ id, frequencyMhz, numaNode }) => [id, frequencyMhz, numaNode])).toEqual([
    [0, 2994, 0],
    [1, 2994, 10],
    [2, 2994, 0],
  ]);
  expect(memory).toMatchObject({ swapTotalBytes: 0, swapUsedBytes: 0, hugepagesTotal: 16, hugepagesFree: 12, hugepageSizeKib: 1_048_576 });
  expect(numaNodes.map(({ id, freeMemoryBytes, cpuIds }) => [id, freeMemoryBytes / kib, cpuIds])).toEqual([
    [0, 90_000_000, [0, 2]],
    [10, 80_000_000, [1]],
  ]);
  expect(disks.map(({ device, model, serial, sizeBytes, temperatureCelsius }) => [device, model, serial, sizeBytes, temperatureCelsius])).toEqual([
    ['/dev/cciss/c0d0', '', '', 8192, null],
    ['/dev/nvme0n1', 'SAMSUNG MZQL23T8HCLS-00A07', 'S64HNE0T000001', 3_840_755_982_336, 42],
  ]);
});

test('a virtual machine that tells little; a host without ip', async () => {
  const { cpu, memory, numaNodes, disks, nics } = await hardwareOf(virtualArm, null).read();
  expect(cpu).toMatchObject({ model: '', vendor: '0x41', physicalCores: 2, sockets: 1, flags: ['fp', 'asimd'] });
  expect(cpu.cores.map(({ frequencyMhz, numaNode }) => [frequencyMhz, numaNode])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(memory).toMatchObject({ swapTotalBytes: 0, hugepagesTotal: 0, hugepageSizeKib: 0 });
  expect([numaNodes, nics]).toEqual([[], []]);
  expect(disks).toMatchObject([{ device: '/dev/vda', model: '', serial: 'root-disk', sizeBytes: 1_048_576 }]);
});

test('a host that tells nothing is no failure', async () => {
  const { cpu, memory, disks } = await hardwareOf({}, 'no JSON').read();
  expect(cpu).toEqual({ model: '', vendor: '', physicalCores: 0, logicalCores: 0, sockets: 0, cores: [], flags: [] });
  expect(memory.totalBytes).toBe(0);
  expect(disks).toEqual([]);
  expect(parseInterfaces('[{"ifname":7}]')).toEqual([]);
});

test('an interface of that name in another network namespace is not ours', async () => {
  const [nic] = (await hardwareOf({ ...desktop, '/sys/class/net/enp3s0/ifindex': '9' }, desktopInterfaces).read()).nics;
  expect(nic).toMatchObject({ name: 'enp3s0', mac: '00:11:22:33:44:55', speedMbps: null, duplex: 'unknown', driver: '', txBytes: 2 });
});

test('read at most once a second, by as many as ask; only a first figure waits', async () => {
  const machine = { ...server };
  const { read, clock, slept } = hardwareOf(machine);
  const [one, two] = await Promise.all([read(), read()]);
  expect(one).toBe(two);
  expect(slept).toEqual([250]);
  clock.nowMs += 700;
  expect(await read()).toBe(one);
  clock.nowMs += 100;
  machine['/proc/stat'] = 'cpu0 20 0 10 170 10 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\ncpu2 50 0 50 0 0 0 0 0 0 0\ncpu3 1 0 0 3 0 0 0 0 0 0\n';
  expect((await read()).cpu.cores.map(({ id, usagePercent }) => [id, Math.round(usagePercent)])).toEqual([
    [0, 18],
    [1, 0],
    [2, 0],
    [3, 25],
  ]);
  expect(slept).toEqual([250]);
  clock.nowMs += 11_000;
  await read();
  expect(slept).toEqual([250, 250]);
});
