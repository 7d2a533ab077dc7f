import { expect, test } from 'bun:test';
import type { CreateInput, VmId } from '@mvirt/domain';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';

const roomy: CreateInput = { memoryMib: 256, vcpus: 1, maxVcpus: 4, maxMemoryMib: 512 };
const sizes = (bench: Bench, id: VmId) => {
  const { spec, pendingSpec } = bench.vms().get(id);
  return { now: [spec.vcpus, spec.memoryMib], next: pendingSpec && [pendingSpec.vcpus, pendingSpec.memoryMib] };
};

const messages = (bench: Bench, vmId: VmId) =>
  bench
    .engine()
    .events.read({ since: null, vmId, limit: 100 })
    .map(({ message }) => message);

test('a running VM that was started for it is resized at once; another agent and the next start find it so', async () => {
  await using bench = await openBench();
  const id = await bench.started(roomy);
  const { vm, note } = await bench.vms().set(id, { vcpus: 3, memoryMib: 512 });
  expect(vm).toMatchObject({ spec: { vcpus: 3, memoryMib: 512 }, pendingSpec: null });
  expect(note).toBeNull();
  expect(bench.hypervisor.control(id).size()).toEqual({ vcpus: 3, memoryMib: 512 });
  expect((await bench.vms().set(id, { vcpus: 2 })).note).toBeNull();
  expect(messages(bench, id).filter((message) => /^changed|^has/.test(message))).toEqual([
    ...['changed', 'has 1 vCPU and 512 MiB now', 'has 3 vCPUs and 512 MiB now'],
    ...['changed', 'has 2 vCPUs and 512 MiB now'],
  ]);

  bench.crash();
  await bench.reborn();
  expect(sizes(bench, id)).toEqual({ now: [2, 512], next: null });
  await bench.vms().stop(id, { graceMs: 1000 });
  await bench.vms().start(id, {});
  expect(bench.hypervisor.control(id).spec).toMatchObject({ vcpus: 2, memoryMib: 512 });
});

test('what a running VM cannot take waits for its next start, and why is said', async () => {
  await using bench = await openBench();
  const plain = await bench.started({ memoryMib: 256 });
  expect((await bench.vms().set(plain, { vcpus: 2, memoryMib: 384 })).note).toBe('vcpus: it runs without max-vcpus; memory: it runs without max-memory');
  expect(sizes(bench, plain)).toEqual({ now: [1, 256], next: [2, 384] });
  expect(messages(bench, plain).at(-1)).toBe('changed; some of it at the next start');
  expect((await bench.vms().set(plain, { name: 'web' })).note).toBeNull();

  const id = await bench.started(roomy);
  expect((await bench.vms().set(id, { vcpus: 2, memoryMib: 128 })).note).toBe('memory: memory does not shrink while a VM runs');
  expect(sizes(bench, id)).toEqual({ now: [2, 256], next: [2, 128] });
  // A most that is raised counts from the next start on.
  expect((await bench.vms().set(id, { maxVcpus: 8, vcpus: 8 })).note).toContain('vcpus: it runs with max-vcpus=4');
  await bench.vms().stop(id, { graceMs: 1000 });
  expect(sizes(bench, id)).toEqual({ now: [8, 128], next: null });
  expect((await bench.vms().set(id, { vcpus: 1 })).note).toBeNull();
});

test('more than it may ever have is refused', async () => {
  await using bench = await openBench();
  const id = await bench.started(roomy);
  const refused = { code: 'INVALID_ARGUMENT', hint: 'raise max-vcpus as well' };
  expect(await failure(bench.vms().set(id, { vcpus: 5 }))).toMatchObject({ ...refused, message: 'vcpus: 5 is more than max-vcpus, 4' });
  expect(await failure(bench.vms().set(id, { maxMemoryMib: 128 }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(await failure(bench.create({ ...roomy, maxMemoryMib: 1 << 20 }))).toMatchObject({ message: 'max-memory: 1048576 MiB is more than this host has' });
  expect(sizes(bench, id)).toEqual({ now: [1, 256], next: null });
});

test('vCPUs that the guest does not let go of wait, and are gone with its reset or when it lets go', async () => {
  await using bench = await openBench({ hypervisor: { manners: { ejects: false } } });
  const id = await bench.started({ ...roomy, vcpus: 3 });
  expect((await bench.vms().set(id, { vcpus: 2 })).note).toBe('vcpus: the guest has not let go of them yet');
  expect((await bench.vms().set(id, { vcpus: 1 })).note).toContain('the guest has not let go of vCPUs');
  expect(sizes(bench, id)).toEqual({ now: [3, 256], next: [1, 256] });
  await bench.vms().reboot(id, {});
  await bench.clock.advance(0);
  expect(sizes(bench, id)).toEqual({ now: [2, 256], next: [1, 256] });

  await bench.vms().set(id, { vcpus: 1 });
  bench.crash();
  bench.hypervisor.control(id).letVcpusGo();
  await bench.reborn();
  await bench.clock.advance(0);
  expect(sizes(bench, id)).toEqual({ now: [1, 256], next: null });
  expect(bench.events(id).filter((type) => type === 'changed').length).toBeGreaterThan(3);
});

test('a VMM that refuses or hangs leaves the wish for the next start', async () => {
  let refuse = true;
  await using bench = await openBench({
    drivers: (fake) => [
      {
        ...fake,
        async launch(request, options) {
          const vmm = await fake.launch(request, options);
          return { ...vmm, resize: (size, more) => (refuse ? Promise.reject(new Error('no ACPI slot is free')) : vmm.resize(size, more)) };
        },
      },
    ],
  });
  const id = await bench.started(roomy);
  expect((await bench.vms().set(id, { memoryMib: 384 })).note).toBe('no ACPI slot is free');
  expect(sizes(bench, id)).toEqual({ now: [1, 256], next: [1, 384] });
  refuse = false;
  bench.hypervisor.control(id).hang();
  expect((await bench.vms().set(id, { vcpus: 2 })).note).toContain('does not answer');
  bench.hypervisor.control(id).wake();
  // Asked again, with nothing new: what waits is tried.
  expect((await bench.vms().set(id, { vcpus: 2 })).note).toBeNull();
  expect(sizes(bench, id)).toEqual({ now: [2, 384], next: null });
});

test('a hypervisor that cannot says so, and changes of a size come in turn', async () => {
  await using cannot = await openBench({ hypervisor: { capabilities: { resize: 'not on this hypervisor' } } });
  const fixed = await cannot.started(roomy);
  expect((await cannot.vms().set(fixed, { vcpus: 2 })).note).toBe('not on this hypervisor');

  await using bench = await openBench();
  const id = await bench.started(roomy);
  await Promise.all([2, 3, 4, 1, 2].map((vcpus) => bench.vms().set(id, { vcpus })));
  expect(sizes(bench, id)).toEqual({ now: [2, 256], next: null });
});
