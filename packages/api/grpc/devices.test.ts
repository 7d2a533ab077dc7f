import { expect, test } from 'bun:test';
import { asVmId } from '@mvirt/domain';
import { openGrpcBench, refusal } from '@mvirt/testkit/grpc-bench';
import { waitFor } from '@mvirt/testkit/wait-for';

const mac = '52:54:00:0a:0b:0c';

test('AttachDisk and DetachDisk of a running VM: at once, kept in its config', async () => {
  await using grpc = await openGrpcBench();
  const { client, bench } = grpc;
  await grpc.started({}, { id: 'a', name: 'web' });
  const disk = { path: bench.file('data.raw'), readonly: true };
  expect(await client.call('AttachDisk', { vm_id: 'a', disk })).toMatchObject({ config: { disks: [disk] } });
  expect(bench.hypervisor.control('a').devices()).toEqual([disk.path]);
  expect(await refusal(client.call('AttachDisk', { vm_id: 'a', disk }))).toBe(`ALREADY_EXISTS VM web has disk ${disk.path} already`);
  expect(await refusal(client.call('DetachDisk', { vm_id: 'a', path: '/other' }))).toBe('NOT_FOUND VM web has no disk /other');
  expect(await client.call('GetVm', { id: 'a' })).toMatchObject({ config: { disks: [disk] } });
  expect(await client.call('DetachDisk', { vm_id: 'a', path: disk.path })).toMatchObject({ config: { disks: [] } });
  expect(bench.hypervisor.control('a').devices()).toEqual([]);
});

test('AttachNic and DetachNic of a running VM: at once, kept in its config', async () => {
  await using grpc = await openGrpcBench();
  const { client, bench } = grpc;
  await grpc.started({}, { id: 'a', name: 'web' });
  expect(await client.call('AttachNic', { vm_id: 'a', nic: { mac } })).toMatchObject({ config: { nics: [{ mac }] } });
  expect(bench.hypervisor.control('a').devices()).toEqual([mac]);
  expect(bench.network.taps()).toHaveLength(1);
  expect(await refusal(client.call('AttachNic', { vm_id: 'a', nic: { mac } }))).toBe(`ALREADY_EXISTS VM web has a NIC ${mac} already`);
  expect(await refusal(client.call('DetachNic', { vm_id: 'a', mac: '52:54:00:00:00:09' }))).toBe('NOT_FOUND VM web has no NIC 52:54:00:00:00:09');
  expect(await refusal(client.call('AttachNic', { vm_id: 'a', nic: { tap: 'no-tap' } }))).toBe('INTERNAL TAP no-tap does not exist');
  const { config } = await client.call('AttachNic', { vm_id: 'a', nic: { tap: '', mac: '' } });
  expect(config?.nics).toEqual([{ mac }, { mac: expect.stringMatching(/^52:54:00:/) }]);
  expect(await client.call('DetachNic', { vm_id: 'a', mac: mac.toUpperCase() })).toMatchObject({ config: { nics: [config?.nics[1]] } });
});

test('devices of a stopped VM change for its next start; in between states are refused', async () => {
  await using grpc = await openGrpcBench({ hypervisor: { manners: { hearsButton: false } } });
  const { client, bench } = grpc;
  await grpc.create({}, { id: 'a' });
  const disk = { path: bench.file('data.raw'), readonly: false };
  await client.call('AttachDisk', { vm_id: 'a', disk });
  await client.call('StartVm', { id: 'a' });
  expect(bench.hypervisor.control('a').devices()).toEqual([disk.path]);
  const stop = client.call('StopVm', { id: 'a', timeout_seconds: 0 });
  await bench.until(asVmId('a'), 'stopping');
  const refused = 'FAILED_PRECONDITION VM a is stopping: devices come and go while it runs, is paused or stopped';
  expect(await refusal(client.call('DetachDisk', { vm_id: 'a', path: disk.path }))).toBe(refused);
  expect(await refusal(client.call('AttachNic', { vm_id: 'a', nic: {} }))).toBe(refused);
  await client.call('KillVm', { id: 'a' });
  await stop;
});

test('devices that cannot be had say why', async () => {
  await using grpc = await openGrpcBench({ hypervisor: { capabilities: { hotplugNic: 'this fake has no slots' } } });
  const { client, bench } = grpc;
  await grpc.started({}, { id: 'a' });
  const attach = (path: string) => refusal(client.call('AttachDisk', { vm_id: 'a', disk: { path, readonly: false } }));
  expect(await refusal(client.call('AttachDisk', { vm_id: 'a', disk: null }))).toBe('INVALID_ARGUMENT disk is required');
  expect(await refusal(client.call('AttachNic', { vm_id: 'a', nic: null }))).toBe('INVALID_ARGUMENT nic is required');
  expect(await attach('../x')).toBe('INVALID_ARGUMENT path: must be an absolute path');
  expect(await attach('/a\0b')).toBe('INVALID_ARGUMENT path: must not contain control characters');
  expect(await attach('/not/there')).toBe('FAILED_PRECONDITION VM a: disk /not/there does not exist');
  expect(await refusal(client.call('AttachNic', { vm_id: 'a', nic: { mac: 'zz' } }))).toStartWith('INVALID_ARGUMENT mac: ');
  expect(await refusal(client.call('AttachNic', { vm_id: 'a', nic: { vhost_socket: '/v.sock' } }))).toBe(
    'FAILED_PRECONDITION nic.vhost_socket: mvirt runs no vhost-user NICs',
  );
  expect(await refusal(client.call('AttachNic', { vm_id: 'a', nic: {} }))).toContain(
    'FAILED_PRECONDITION VM a: NICs cannot come or go while it runs: this fake has no slots',
  );
  expect(bench.vms().get(asVmId('a')).spec).toMatchObject({ disks: [], nics: [] });
});

test('a removal that the guest holds up is told beside the answer', async () => {
  await using grpc = await openGrpcBench({ hypervisor: { manners: { ejects: false } } });
  const path = grpc.bench.file('data.raw');
  await grpc.started({ disks: [{ path, readonly: false }] }, { id: 'a' });
  const notes: string[] = [];
  const vm = await grpc.client.call('DetachDisk', { vm_id: 'a', path }, { onTrailers: (trailers) => notes.push(String(trailers.get('mvirt-note-bin')[0])) });
  expect(vm).toMatchObject({ config: { disks: [] } });
  expect(notes).toEqual([expect.stringContaining('removal pending: the guest has not let go of disk')]);
});

test('an attach whose client has hung up is undone', async () => {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const held = async (attach: () => Promise<void>) => {
    reached.resolve();
    await goOn.promise;
    await attach();
  };
  await using grpc = await openGrpcBench({
    drivers: (fake) => [
      {
        ...fake,
        async launch(request, options) {
          const vmm = await fake.launch(request, options);
          return { ...vmm, attachDisk: (...disk) => held(() => vmm.attachDisk(...disk)) };
        },
      },
    ],
  });
  const { client, bench } = grpc;
  await grpc.started({}, { id: 'a' });
  const path = bench.file('data.raw');
  const hangUp = new AbortController();
  const disk = refusal(client.call('AttachDisk', { vm_id: 'a', disk: { path, readonly: false } }, { signal: hangUp.signal }));
  await reached.promise;
  hangUp.abort();
  expect(await disk).toStartWith('CANCELLED');
  await client.call('GetVersion', {}); // the server has heard of it
  goOn.resolve();
  await waitFor('the disk to be taken back', () => bench.events(asVmId('a')).at(-1) === 'disk-detached');
  expect(bench.hypervisor.control('a').devices()).toEqual([]);

  const release = bench.network.holdPrepare();
  const nic = refusal(client.call('AttachNic', { vm_id: 'a', nic: { mac } }, { deadline: Date.now() + 200 }));
  expect(await nic).toStartWith('DEADLINE_EXCEEDED');
  await client.call('GetVersion', {});
  release();
  await waitFor('the NIC to be taken back', () => bench.events(asVmId('a')).at(-1) === 'nic-detached');
  await waitFor('its TAP to be gone', () => bench.network.taps().length === 0);
  expect(await client.call('GetVm', { id: 'a' })).toMatchObject({ config: { disks: [], nics: [] } });
  expect(bench.hypervisor.control('a').devices()).toEqual([]);
});
