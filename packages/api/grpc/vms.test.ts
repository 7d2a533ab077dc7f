import { expect, test } from 'bun:test';
import { asVmId } from '@mvirt/domain';
import { failure } from '@mvirt/testkit/engine/failure';
import { isServiceError, openGrpcBench, refusal, smallConfig } from '@mvirt/testkit/grpc-bench';
import { waitFor } from '@mvirt/testkit/wait-for';
import { BootMode, int64ToNumber, VmState } from '../wire/index.ts';

const stubborn = { hypervisor: { manners: { hearsButton: false } } };

test('CreateVm answers the stored VM, stopped', async () => {
  await using grpc = await openGrpcBench();
  const { client, bench } = grpc;
  const kernel = bench.file('vmlinuz');
  const vm = await client.call('CreateVm', { name: 'web', config: { ...smallConfig, kernel, nics: [{}] } });
  expect(vm).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    name: 'web',
    state: VmState.STOPPED,
    config: { ...smallConfig, kernel, nics: [{ mac: expect.stringMatching(/^52:54:00:/) }] },
    created_at: `${BigInt(Math.floor(bench.clock.nowMs() / 1000))}`,
  });
  expect(await client.call('GetVm', { id: vm.id })).toEqual(vm);
  const own = await grpc.create({}, { id: 'the-callers.own_id' });
  expect(own).toMatchObject({ id: 'the-callers.own_id', state: VmState.STOPPED });
  expect('name' in own).toBe(false);
});

test('CreateVm takes all that the contract can carry, and gives it back', async () => {
  await using grpc = await openGrpcBench();
  const config = {
    vcpus: 200,
    memory_mb: '1' as const,
    kernel: '/boot/vmlinuz',
    initramfs: '/boot/initrd',
    cmdline: 'console=ttyS0',
    disks: [{ path: '/srv/größe.qcow2', readonly: true }],
    nics: [
      { tap: 'tap7', mac: '52:54:00:00:00:01' },
      { mac: '52:54:00:00:00:02', vhost_socket: '/run/v.sock' },
    ],
    user_data: '#cloud-config\n'.padEnd(1 << 20, '#'),
    boot_mode: BootMode.KERNEL,
    nested_virt: true,
  };
  const name = 'Müllers 名, "a/../b" -rf';
  const vm = await grpc.client.call('CreateVm', { name, config });
  expect(vm).toMatchObject({ name, config });
  expect((await grpc.client.call('CreateVm', { name, config })).id).not.toBe(vm.id);
  grpc.bench.crash();
  await grpc.bench.reborn();
  expect(grpc.bench.vms().get(asVmId(vm.id))).toMatchObject({ name, spec: { memoryMib: 1, nestedVirt: true, bootMode: 'kernel' } });
});

test('CreateVm: what is missing or hostile is refused, naming the field', async () => {
  await using grpc = await openGrpcBench();
  const { client } = grpc;
  const create = (config: object, more = {}) => refusal(client.call('CreateVm', { ...more, config: { ...smallConfig, ...config } }));
  expect(await refusal(client.call('CreateVm', { config: null }))).toBe('INVALID_ARGUMENT config is required');
  expect(await create({ boot_mode: BootMode.DISK })).toBe('INVALID_ARGUMENT boot_mode: disk needs a disk');
  expect(await create({ boot_mode: BootMode.KERNEL })).toBe('INVALID_ARGUMENT boot_mode: kernel needs a kernel');
  expect(await create({ boot_mode: 77 })).toContain('INVALID_ARGUMENT boot_mode: is none that this agent knows');
  expect(await create({ memory_mb: '18446744073709551615' })).toContain('INVALID_ARGUMENT memory_mb: ');
  expect(await create({ disks: [{ path: '../../etc/shadow', readonly: false }] })).toBe('INVALID_ARGUMENT disks.0.path: must be an absolute path');
  expect(await create({ kernel: '/k\0' })).toBe('INVALID_ARGUMENT kernel: must not contain control characters');
  expect(await create({}, { name: 'a\u001b[2J' })).toBe('INVALID_ARGUMENT name: must not contain control characters');
  expect(await create({}, { id: '../x' })).toStartWith('INVALID_ARGUMENT id: ');
  await grpc.create({}, { id: 'taken' });
  expect(await create({}, { id: 'taken' })).toBe('ALREADY_EXISTS id: a VM with the id taken exists already');
  expect(await client.call('ListVms', {})).toMatchObject({ vms: [{ id: 'taken' }] });
});

test('first-release clients send a kernel field and nothing newer', async () => {
  await using grpc = await openGrpcBench();
  const disks = [{ path: grpc.bench.file('disk.raw'), readonly: false }];
  const firmware = await grpc.started({ kernel: '', disks });
  expect(firmware.config).toEqual({ ...smallConfig, disks });
  expect(grpc.bench.hypervisor.control(firmware.id).spec).toMatchObject({ bootMode: 'unspecified', kernel: null });
  const direct = await grpc.started({ kernel: grpc.bench.file('bzImage'), disks: [] });
  expect(grpc.bench.hypervisor.control(direct.id).spec.kernel).toEndWith('bzImage');
});

test('every call that names a VM: an unknown one is NOT_FOUND', async () => {
  await using grpc = await openGrpcBench();
  const { client } = grpc;
  const found = 'NOT_FOUND VM nope not found';
  for (const method of ['GetVm', 'DeleteVm', 'StartVm', 'KillVm'] as const) expect(await refusal(client.call(method, { id: 'nope' }))).toBe(found);
  expect(await refusal(client.call('StopVm', { id: 'nope', timeout_seconds: 1 }))).toBe(found);
  expect(await refusal(client.call('AttachDisk', { vm_id: 'nope', disk: { path: '/d', readonly: false } }))).toBe(found);
  expect(await refusal(client.call('DetachDisk', { vm_id: 'nope', path: '/d' }))).toBe(found);
  expect(await refusal(client.call('AttachNic', { vm_id: 'nope', nic: {} }))).toBe(found);
  expect(await refusal(client.call('DetachNic', { vm_id: 'nope', mac: '52:54:00:00:00:01' }))).toBe(found);
  expect(await refusal(client.call('GetVm', { id: '' }))).toBe('NOT_FOUND VM  not found');
  // Names are no ids here, and a hostile one is no harm to whoever reads the answer.
  await grpc.create({}, { name: 'web', id: 'id-of-web' });
  expect(await refusal(client.call('GetVm', { id: 'web' }))).toBe('NOT_FOUND VM web not found');
  expect(await refusal(client.call('GetVm', { id: '\u001b[2J\n' }))).toBe('NOT_FOUND VM \\u{1b}[2J\n not found');
  const long = await refusal(client.call('GetVm', { id: 'ü'.repeat(100_000) }));
  expect(long).toStartWith('NOT_FOUND VM üü');
  expect(long.length).toBeLessThan(1000);
});

test('ListVms: newest first', async () => {
  await using grpc = await openGrpcBench();
  for (const id of ['a', 'b', 'c']) {
    await grpc.create({}, { id });
    if (id === 'b') await grpc.bench.clock.advance(1000);
  }
  const { vms } = await grpc.client.call('ListVms', {});
  expect(vms.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
});

test('StartVm answers once it runs; a VM that runs already is refused', async () => {
  await using grpc = await openGrpcBench();
  const vm = await grpc.started({}, { id: 'a', name: 'web' });
  expect(vm).toMatchObject({ state: VmState.RUNNING, started_at: expect.stringMatching(/^\d+$/) });
  expect(await refusal(grpc.client.call('StartVm', { id: 'a' }))).toBe('FAILED_PRECONDITION VM web is running already');
  await grpc.bench.vms().pause(asVmId('a'), {});
  expect(await grpc.client.call('GetVm', { id: 'a' })).toMatchObject({ state: VmState.RUNNING });
  expect(await refusal(grpc.client.call('StartVm', { id: 'a' }))).toBe('FAILED_PRECONDITION VM web is paused already');
});

test('StartVm: of two at once, one starts the VM and the other is refused', async () => {
  await using grpc = await openGrpcBench();
  await grpc.create({}, { id: 'a' });
  const outcomes = await Promise.all([1, 2].map(() => grpc.client.call('StartVm', { id: 'a' }).catch((error) => error.details)));
  expect(outcomes.map((outcome) => (typeof outcome === 'string' ? outcome : outcome.state)).sort()).toEqual([
    VmState.RUNNING,
    expect.stringMatching(/^VM a is (starting|running) already$/),
  ]);
});

test('StartVm: what keeps a VM from starting is INTERNAL with the reason, and it is stopped again', async () => {
  await using grpc = await openGrpcBench({ hypervisor: { missingFiles: 'refused' } });
  const { client, bench } = grpc;
  const start = (id: string) => refusal(client.call('StartVm', { id }));
  await grpc.create({}, { id: 'a', name: 'web' });
  bench.hypervisor.failNextLaunch('kvm: no such thing');
  expect(await start('a')).toBe('INTERNAL VM web could not be started: kvm: no such thing');
  expect(await client.call('GetVm', { id: 'a' })).toMatchObject({ state: VmState.STOPPED });
  await grpc.create({ kernel: '/not/there' }, { id: 'b' });
  expect(await start('b')).toBe('INTERNAL VM b: /not/there does not exist');
  await grpc.create({ nested_virt: true }, { id: 'c' });
  expect(await start('c')).toBe('INTERNAL VM c: nested_virt: is not possible here');
  await grpc.create({ nics: [{ vhost_socket: '/run/v.sock' }] }, { id: 'vm-d' });
  expect(await start('vm-d')).toBe('INTERNAL VM vm-d: nics: vhost_socket is not supported');
  await grpc.create({ memory_mb: '9007199254740991' }, { id: 'e' });
  expect(await start('e')).toStartWith('INTERNAL memory: 9007199254740991 MiB is more than this host has');
  for (const id of ['b', 'c', 'vm-d', 'e']) expect(await client.call('GetVm', { id })).toMatchObject({ state: VmState.STOPPED });

  const path = bench.file('disk.raw');
  await grpc.started({ disks: [{ path, readonly: false }] }, { id: 'holder' });
  await grpc.create({ disks: [{ path, readonly: false }] }, { id: 'f' });
  expect(await start('f')).toContain('is in use by VM holder');
  // Our own code and hint are there for clients that know them.
  const error = await failure(client.call('StartVm', { id: 'f' }));
  if (!isServiceError(error)) throw error;
  expect(error.metadata.get('mvirt-code')).toEqual(['DISK_IN_USE']);
  expect(String(error.metadata.get('mvirt-hint-bin')[0])).toContain('stop the other VM');
});

test('StopVm: graceful, by force when its time has passed; refused where the VM does not run', async () => {
  await using grpc = await openGrpcBench();
  const { client, bench } = grpc;
  const { started_at } = await grpc.started({}, { id: 'a', name: 'web' });
  expect(await client.call('StopVm', { id: 'a', timeout_seconds: 0 })).toMatchObject({ state: VmState.STOPPED, started_at: started_at ?? '' });
  expect(bench.vms().get(asVmId('a')).condition.cause).toMatchObject({ kind: 'asked-stop' });
  expect(await refusal(client.call('StopVm', { id: 'a', timeout_seconds: 0 }))).toBe('FAILED_PRECONDITION VM web is not running: it is stopped');
});

test('StopVm of a guest that hears nothing: its time, then the power; a second one is refused', async () => {
  await using grpc = await openGrpcBench(stubborn);
  const { client, bench } = grpc;
  await grpc.started({}, { id: 'a' });
  const stop = client.call('StopVm', { id: 'a', timeout_seconds: 30 });
  await waitFor('the VM to be stopping', async () => (await client.call('GetVm', { id: 'a' })).state === VmState.STOPPING);
  expect(await refusal(client.call('StopVm', { id: 'a', timeout_seconds: 1 }))).toBe('FAILED_PRECONDITION VM a is not running: it is stopping');
  await bench.clock.advance(30_000);
  expect(await stop).toMatchObject({ state: VmState.STOPPED });
  expect(bench.vms().get(asVmId('a')).condition.cause).toMatchObject({ kind: 'powered-off' });
});

test('StopVm of a paused VM, which runs as far as the contract can say', async () => {
  await using grpc = await openGrpcBench();
  await grpc.started({}, { id: 'a' });
  await grpc.bench.vms().pause(asVmId('a'), {});
  expect(await grpc.client.call('StopVm', { id: 'a', timeout_seconds: 5 })).toMatchObject({ state: VmState.STOPPED });
});

test('KillVm: at once, also in the middle of a stop; refused where nothing runs', async () => {
  await using grpc = await openGrpcBench(stubborn);
  const { client } = grpc;
  await grpc.started({}, { id: 'a' });
  const stop = client.call('StopVm', { id: 'a', timeout_seconds: 0 });
  await waitFor('the VM to be stopping', async () => (await client.call('GetVm', { id: 'a' })).state === VmState.STOPPING);
  expect(await client.call('KillVm', { id: 'a' })).toMatchObject({ state: VmState.STOPPED });
  expect(await stop).toMatchObject({ state: VmState.STOPPED });
  expect(await refusal(client.call('KillVm', { id: 'a' }))).toBe('FAILED_PRECONDITION VM a is not running: it is stopped');

  const release = grpc.bench.hypervisor.holdLaunches();
  const start = refusal(client.call('StartVm', { id: 'a' }));
  await grpc.bench.until(asVmId('a'), 'starting');
  expect(await client.call('KillVm', { id: 'a' })).toMatchObject({ state: VmState.STOPPED });
  expect(await start).toStartWith('FAILED_PRECONDITION VM a ');
  release();
});

test('DeleteVm: a stopped VM is gone; a running one is refused', async () => {
  await using grpc = await openGrpcBench();
  const { client } = grpc;
  await grpc.started({}, { id: 'a', name: 'web' });
  expect(await refusal(client.call('DeleteVm', { id: 'a' }))).toBe('FAILED_PRECONDITION VM web is running, and only a stopped VM can be deleted');
  await client.call('KillVm', { id: 'a' });
  expect(await client.call('DeleteVm', { id: 'a' })).toEqual({});
  expect(await refusal(client.call('GetVm', { id: 'a' }))).toBe('NOT_FOUND VM a not found');
});

test('GetVersion and GetSystemInfo', async () => {
  await using grpc = await openGrpcBench();
  expect(await grpc.client.call('GetVersion', {})).toEqual({ version: '0.0.1' });
  await grpc.started({ vcpus: 2, memory_mb: '128' });
  const info = await grpc.client.call('GetSystemInfo', {});
  const figures = await grpc.bench.engine().host.systemInfo();
  expect(info).toMatchObject({ allocated_cpus: 2, allocated_memory_mb: '128', total_cpus: figures.totalCpus, host: { hostname: figures.host.hostname } });
  expect(int64ToNumber(info.total_memory_mb)).toBe(figures.totalMemoryMib);
});
