import { expect, test } from 'bun:test';
import { mkdirSync, symlinkSync } from 'node:fs';
import { openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';
import { fakeHardware } from '@mvirt/testkit/fake-host';

test('what running VMs have been given is counted', async () => {
  await using bench = await openBench();
  await bench.create({ name: 'off', vcpus: 4 });
  await bench.started({ name: 'on', vcpus: 2, memoryMib: 256 });
  const info = bench.engine().host.info();
  expect(info).toMatchObject({ vms: 2, running: 1, allocatedCpus: 2, allocatedMemoryBytes: 256 * 1024 * 1024, figures: { cpus: 4 } });
});

test("the machine's parts, with what running VMs have been given", async () => {
  await using bench = await openBench();
  await bench.create({ name: 'off', vcpus: 4 });
  await bench.started({ name: 'on', vcpus: 2, memoryMib: 256 });
  expect(await bench.engine().host.systemInfo()).toEqual({
    ...fakeHardware,
    totalCpus: 4,
    totalMemoryMib: 8192,
    allocatedCpus: 2,
    allocatedMemoryMib: 256,
    load1: 0,
    load5: 0,
    load15: 0,
    host: { hostname: 'fake', kernelVersion: '6.1.0', uptimeSeconds: 1000 },
  });
});

test('usage is the change between two samples, at most one a second', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  await bench.create({ name: 'off' });
  const { pid } = bench.hypervisor.control(id).process;
  const usage = () => bench.engine().host.usage({ since: null }).figures;
  bench.host.usageOf.set(pid, { cpuMs: 1000, rssBytes: 50 });
  expect(usage()).toEqual([{ id, cpuPercent: null, rssBytes: 50 }]);
  bench.host.usageOf.set(pid, { cpuMs: 2000, rssBytes: 60 });
  await bench.clock.advance(999);
  expect(usage()).toEqual([{ id, cpuPercent: null, rssBytes: 50 }]);
  await bench.clock.advance(1001);
  expect(usage()).toEqual([{ id, cpuPercent: 50, rssBytes: 60 }]);
  await bench.vms().kill(id, {});
  await bench.clock.advance(1000);
  expect(usage()).toEqual([]);
});

test('a folder is listed: folders first, links followed, the rest left out', async () => {
  await using bench = await openBench();
  const folder = bench.dir.join('files');
  mkdirSync(`${folder}/sub`, { recursive: true });
  await Bun.write(`${folder}/b.raw`, 'xyz');
  symlinkSync(`${folder}/b.raw`, `${folder}/a.raw`);
  symlinkSync('/no/such', `${folder}/broken`);
  const host = bench.engine().host;
  expect(await host.listFolder(folder)).toEqual([
    { name: 'sub', kind: 'folder', sizeBytes: 0 },
    { name: 'a.raw', kind: 'file', sizeBytes: 3 },
    { name: 'b.raw', kind: 'file', sizeBytes: 3 },
  ]);
  expect(await failure(host.listFolder(`${folder}/nothing`))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(await failure(host.listFolder(`${folder}/b.raw`))).toMatchObject({ code: 'FILE_NOT_FOUND' });
});

test('each hypervisor reports', async () => {
  await using bench = await openBench();
  expect(await bench.engine().host.hypervisors({})).toMatchObject([{ kind: 'qemu', usable: true }]);
});
