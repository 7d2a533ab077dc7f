import { expect, test } from 'bun:test';
import type { CreateInput } from '@mvirt/domain';
import { openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';

test('bad input is refused with its field, and nothing is stored', async () => {
  await using bench = await openBench();
  const kernel = bench.file('kernel');
  const bad: [CreateInput, string][] = [
    [{ kernel, name: 'Web' }, 'name: '],
    [{ kernel, name: '-rf' }, 'name: '],
    [{ kernel, vcpus: 0 }, 'vcpus: '],
    [{ kernel, vcpus: 33 }, 'vcpus: 33 is more than 8 for each'],
    [{ kernel, memoryMib: 63 }, 'memory: '],
    [{ kernel, memoryMib: 8193 }, 'memory: 8193 MiB is more than this host has'],
    [{ kernel: 'relative' }, 'kernel: '],
    [{}, 'disks: nothing to boot'],
    [{ kernel, disks: [{ path: '/a/../b' }] }, 'disks.0.path: '],
    [{ kernel, id: '../x' as never }, 'id: '],
  ];
  for (const [input, message] of bad) {
    const error = await failure(bench.vms().create(input));
    expect(String(error)).toContain(message);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
  expect(bench.vms().list()).toEqual([]);
  const { warnings } = await bench.vms().create({ kernel, vcpus: 5 });
  expect(warnings).toEqual(['5 vCPUs on a host with 4: the VM will be slow']);
});

test('names and ids are unique, and neither is the other', async () => {
  await using bench = await openBench();
  const kernel = bench.file('kernel');
  const id = await bench.create({ name: 'web', id: 'one' as never });
  const vms = bench.vms();
  expect(await failure(vms.create({ kernel, name: 'web' }))).toMatchObject({ code: 'NAME_TAKEN' });
  expect(await failure(vms.create({ kernel, name: 'one' }))).toMatchObject({ code: 'NAME_TAKEN' });
  expect(await failure(vms.create({ kernel, id: 'one' as never }))).toMatchObject({ code: 'ID_TAKEN' });
  expect(await failure(vms.create({ kernel, id: 'web' as never }))).toMatchObject({ code: 'ID_TAKEN' });
  const both = await Promise.allSettled([vms.create({ kernel, name: 'twin' }), vms.create({ kernel, name: 'twin' })]);
  expect(both.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected']);
  const other = await bench.create({ name: 'db' });
  expect(await failure(vms.set(other, { name: 'web' }))).toMatchObject({ code: 'NAME_TAKEN' });
  expect((await vms.set(id, { name: 'web' })).vm.name).toBe('web');
});

test('a stopped VM is changed at once', async () => {
  await using bench = await openBench();
  const id = await bench.create({ labels: { tier: 'front', old: 'yes' } });
  const { vm, warnings } = await bench
    .vms()
    .set(id, { name: 'web', vcpus: 8, memoryMib: 1024, cmdline: 'quiet', userData: '#!/bin/sh\n', labels: { old: null, new: 'x' } });
  expect(vm).toMatchObject({ name: 'web', pendingSpec: null, spec: { vcpus: 8, memoryMib: 1024, cmdline: 'quiet', userData: '#!/bin/sh\n' } });
  expect(vm.spec.labels).toEqual({ tier: 'front', new: 'x' });
  expect(warnings).toEqual(['8 vCPUs on a host with 4: the VM will be slow']);
});

test('a running VM takes name and labels at once and the rest at its next start', async () => {
  await using bench = await openBench();
  const id = await bench.started({ name: 'web', memoryMib: 256 });
  const { vm } = await bench.vms().set(id, { name: 'www', memoryMib: 512, labels: { a: 'b' } });
  expect(vm).toMatchObject({ name: 'www', spec: { memoryMib: 256, labels: { a: 'b' } }, pendingSpec: { memoryMib: 512, labels: { a: 'b' } } });
  expect((await bench.vms().set(id, { vcpus: 2 })).vm.pendingSpec).toMatchObject({ vcpus: 2, memoryMib: 512 });
  const path = bench.file('data.raw');
  expect((await bench.vms().attachDisk(id, { path, readonly: false }, {})).vm.pendingSpec?.disks).toHaveLength(1);

  bench.crash();
  await bench.reborn();
  await bench.vms().stop(id, { graceMs: 1000 });
  expect(bench.vms().get(id)).toMatchObject({ pendingSpec: null, spec: { vcpus: 2, memoryMib: 512, disks: [{ path }] } });
  await bench.vms().start(id, {});
  expect(bench.hypervisor.control(id).spec).toMatchObject({ vcpus: 2, memoryMib: 512 });
});

test('a change that is taken back is not pending any more, and one of nothing is no event', async () => {
  await using bench = await openBench();
  const id = await bench.started({ memoryMib: 256 });
  await bench.vms().set(id, { memoryMib: 512 });
  expect((await bench.vms().set(id, { memoryMib: 256 })).vm.pendingSpec).toBeNull();
  const before = bench.vms().get(id).revision;
  await bench.vms().set(id, { memoryMib: 256, labels: {} });
  expect(bench.vms().get(id).revision).toBe(before);
  expect(bench.events(id).filter((type) => type === 'changed')).toHaveLength(2);
});

test('bad changes are refused with their field', async () => {
  await using bench = await openBench();
  const id = await bench.create({ disks: [{ path: bench.file('disk.raw') }] });
  const bad: Record<string, object> = {
    'vcpus: ': { vcpus: 0 },
    'memory: ': { memoryMib: 1_000_000 },
    'cmdline: needs a kernel': { cmdline: 'x' },
    'unknown key ram': { ram: 1 },
    'name: ': { name: 'A b' },
  };
  for (const [message, change] of Object.entries(bad)) {
    const error = await failure(bench.vms().set(id, change));
    expect(String(error)).toContain(message);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
});
