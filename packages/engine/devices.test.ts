import { expect, test } from 'bun:test';
import { tapName } from '@mvirt/network';
import { openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';

test('a disk comes to a running guest and stays in the spec', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  const path = bench.file('data.qcow2');
  const { vm, changed, note } = await bench.vms().attachDisk(id, { path, readonly: false }, {});
  expect({ changed, note }).toEqual({ changed: true, note: null });
  expect(vm.spec.disks).toEqual([{ path, readonly: false, format: 'qcow2' }]);
  expect(bench.hypervisor.control(id).devices()).toEqual([path]);
  expect(bench.store().vms.get(id)?.run?.disks).toEqual(vm.spec.disks);
  expect(await bench.vms().blockStats(id, {})).toMatchObject([{ path }]);

  bench.crash();
  await bench.reborn();
  expect(await failure(bench.vms().attachDisk(id, { path, readonly: false }, {}))).toMatchObject({ code: 'DISK_ATTACHED' });
  const away = await bench.vms().detachDisk(id, path, {});
  expect(away).toMatchObject({ changed: true, note: null, vm: { spec: { disks: [] } } });
  await bench.clock.advance(0);
  expect(bench.store().vms.get(id)?.run?.disks).toEqual([]);
  expect(bench.events(id).slice(-3)).toEqual(['disk-attached', 'adopted', 'disk-detached']);
});

test('a disk that a guest does not let go of is pending until its reset', async () => {
  await using bench = await openBench({ hypervisor: { manners: { ejects: false } } });
  const path = bench.file('data.raw');
  const id = await bench.started({ disks: [{ path }] });
  const away = await bench.vms().detachDisk(id, path, {});
  expect(away.note).toContain('removal pending: the guest has not let go of disk');
  expect(away.vm.spec.disks).toEqual([]);
  expect(bench.store().vms.get(id)?.run?.disks).toHaveLength(1);
  const other = await bench.create({ name: 'other', disks: [{ path }] });
  expect(await failure(bench.vms().start(other, {}))).toMatchObject({ code: 'DISK_IN_USE' });
  expect(await failure(bench.vms().attachDisk(id, { path, readonly: false }, {}))).toMatchObject({ code: 'DISK_ATTACHED' });

  await bench.vms().reboot(id, {});
  await bench.clock.advance(0);
  expect(bench.store().vms.get(id)?.run?.disks).toEqual([]);
  expect(bench.events(id).filter((type) => type.startsWith('d'))).toEqual(['device-removal-pending', 'disk-detached']);
  await bench.vms().start(other, {});
});

test('a stopped VM has its disks changed for the next start', async () => {
  await using bench = await openBench();
  const id = await bench.create();
  expect((await bench.vms().attachDisk(id, { path: '/not/there.raw', readonly: true }, {})).note).toContain('does not exist yet');
  const path = bench.file('data.raw');
  await bench.vms().attachDisk(id, { path, readonly: false, format: 'raw' }, {});
  expect((await bench.vms().detachDisk(id, '/not/there.raw', {})).vm.spec.disks).toEqual([{ path, readonly: false, format: 'raw' }]);
  await bench.vms().start(id, {});
  expect(bench.hypervisor.control(id).devices()).toEqual([path]);
});

test('what cannot be attached or detached says why', async () => {
  await using bench = await openBench();
  const path = bench.file('data.raw');
  const id = await bench.started({ name: 'web', disks: [{ path }] });
  const vms = bench.vms();
  expect(await failure(vms.attachDisk(id, { path: 'relative', readonly: false }, {}))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(await failure(vms.attachDisk(id, { path: '/not/there', readonly: false }, {}))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(await failure(vms.detachDisk(id, '/other', {}))).toMatchObject({ code: 'DISK_NOT_FOUND', message: 'VM web has no disk /other' });
  expect(await failure(vms.detachNic(id, '52:54:00:00:00:01', {}))).toMatchObject({ code: 'NIC_NOT_FOUND' });
  expect(await failure(vms.attachNic(id, { mac: '01:00:00:00:00:00' }, {}))).toMatchObject({ code: 'INVALID_ARGUMENT' });

  const second = await bench.started({ name: 'db' });
  expect(await failure(vms.attachDisk(second, { path, readonly: true }, {}))).toMatchObject({
    code: 'DISK_IN_USE',
    message: expect.stringContaining('VM web'),
  });
  expect(bench.hypervisor.control(second).devices()).toEqual([]);
});

test('devices that come at once come one after the other: each NIC has a MAC of its own, one disk is there once', async () => {
  await using bench = await openBench();
  const id = await bench.started({ name: 'web' });
  await Promise.all([1, 2, 3].map(() => bench.vms().attachNic(id, {}, {})));
  const { spec } = bench.vms().get(id);
  expect(new Set(spec.nics.map(({ mac }) => mac)).size).toBe(3);
  const disk = { path: bench.file('data.raw'), readonly: false };
  const attached = bench.vms().attachDisk(id, disk, {});
  expect(await failure(bench.vms().attachDisk(id, disk, {}))).toMatchObject({ code: 'DISK_ATTACHED', message: `VM web has disk ${disk.path} already` });
  expect((await attached).vm.spec.disks).toHaveLength(1);
});

test('a VM in between takes no devices', async () => {
  await using bench = await openBench({ hypervisor: { manners: { hearsButton: false } } });
  const id = await bench.started({ name: 'web' });
  const stop = bench.vms().stop(id, { graceMs: 1000 });
  const refused = { code: 'WRONG_STATE', hint: 'wait for it: mvirt wait web stopped' };
  expect(await failure(bench.vms().attachDisk(id, { path: bench.file('a'), readonly: false }, {}))).toMatchObject(refused);
  expect(await failure(bench.vms().attachNic(id, {}, {}))).toMatchObject(refused);
  await bench.clock.advance(1000);
  await stop;
});

test('a hypervisor without hot-plug refuses early', async () => {
  await using bench = await openBench({ hypervisor: { capabilities: { hotplugDisk: 'no slots', hotplugNic: 'no slots' } } });
  const id = await bench.started();
  const refused = { code: 'UNSUPPORTED', message: expect.stringContaining('no slots') };
  expect(await failure(bench.vms().attachDisk(id, { path: bench.file('a'), readonly: false }, {}))).toMatchObject({ ...refused });
  expect(await failure(bench.vms().attachNic(id, {}, {}))).toMatchObject({ ...refused });
  expect(bench.network.taps()).toEqual([]);
});

test('a NIC comes with a TAP of its own and goes with it', async () => {
  await using bench = await openBench();
  const id = await bench.started({ nics: [{}] });
  const { vm } = await bench.vms().attachNic(id, {}, {});
  expect(vm.nics.map((nic) => nic.tap)).toEqual([tapName(id, 0), tapName(id, 1)]);
  const [first, second] = vm.nics.map((nic) => nic.mac);
  if (!first || !second) throw new Error('two NICs');
  expect(first).not.toBe(second);

  expect((await bench.vms().detachNic(id, first.toUpperCase(), {})).vm.nics).toEqual([
    { mac: second, tap: tapName(id, 1), network: 'bridge:br0', kept: [], addresses: [] },
  ]);
  await bench.clock.advance(0);
  expect(bench.network.taps()).toEqual([{ tap: tapName(id, 1), vmId: id }]);
  // The freed place is taken again, and no MAC has moved.
  const again = await bench.vms().attachNic(id, {}, {});
  expect(again.vm.nics).toEqual([
    { mac: second, tap: tapName(id, 1), network: 'bridge:br0', kept: [], addresses: [] },
    { mac: first, tap: tapName(id, 0), network: 'bridge:br0', kept: [], addresses: [] },
  ]);
  await bench.vms().stop(id, { graceMs: 1000 });
  expect(bench.network.taps()).toEqual([]);
  await bench.vms().start(id, {});
  expect(
    bench
      .vms()
      .get(id)
      .nics.map((nic) => nic.mac),
  ).toEqual([second, first]);
});

test('a NIC that is not let go of keeps its TAP until the end', async () => {
  await using bench = await openBench({ hypervisor: { manners: { ejects: false } } });
  const id = await bench.started({ nics: [{ mac: '52:54:00:00:00:07' }] });
  const away = await bench.vms().detachNic(id, '52:54:00:00:00:07', {});
  expect(away.note).toContain('removal pending');
  expect(away.vm.nics).toEqual([]);
  expect(bench.network.taps()).toHaveLength(1);
  await bench.vms().kill(id, {});
  expect(bench.network.taps()).toEqual([]);
});

test('a NIC whose hot-plug fails leaves no TAP', async () => {
  await using bench = await openBench({
    drivers: (fake) => [
      {
        ...fake,
        launch: async (request, options) => ({ ...(await fake.launch(request, options)), attachNic: () => Promise.reject(new Error('no free slot')) }),
      },
    ],
  });
  const id = await bench.started();
  expect(await failure(bench.vms().attachNic(id, {}, {}))).toMatchObject({ message: 'no free slot' });
  expect(bench.network.taps()).toEqual([]);
  expect(bench.vms().get(id).nics).toEqual([]);
});

test('a NIC of a stopped VM is in its spec only', async () => {
  await using bench = await openBench();
  const id = await bench.create();
  const { vm } = await bench.vms().attachNic(id, { mac: '52:54:00:00:00:09' }, {});
  expect(vm.nics).toEqual([{ mac: '52:54:00:00:00:09', tap: null, network: 'bridge:br0', kept: [], addresses: [] }]);
  expect(await failure(bench.vms().attachNic(id, { mac: '52:54:00:00:00:09' }, {}))).toMatchObject({ code: 'NIC_ATTACHED' });
  expect(bench.network.taps()).toEqual([]);
  expect((await bench.vms().detachNic(id, '52:54:00:00:00:09', {})).vm.nics).toEqual([]);
});

test('a kill ends a hot-plug that hangs', async () => {
  await using bench = await openBench({ hypervisor: { deadlineMs: 60_000 } });
  const id = await bench.started();
  bench.hypervisor.control(id).hang();
  const attach = failure(bench.vms().attachDisk(id, { path: bench.file('a'), readonly: false }, {}));
  await bench.clock.advance(0);
  await bench.vms().kill(id, {});
  expect(await attach).toMatchObject({ code: 'WRONG_STATE', message: expect.stringContaining('was killed') });
  expect(bench.vms().get(id).spec.disks).toEqual([]);
});
