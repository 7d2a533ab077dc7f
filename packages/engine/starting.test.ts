import { expect, test } from 'bun:test';
import { existsSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { toMvirtError } from '@mvirt/domain';
import { tapName } from '@mvirt/network';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';

const userData = '#cloud-config\n{}\n';

const injected: Record<string, { words: string; break(bench: Bench): void }> = {
  'its NICs': { words: 'no more TAPs', break: (bench) => bench.network.failNextPrepare('no more TAPs') },
  'its seed image': { words: 'genisoimage: no room', break: (bench) => bench.host.failNextRun('genisoimage: no room') },
  'a missing program': { words: 'genisoimage', break: (bench) => bench.host.installed.clear() },
  'its VMM': { words: 'qemu: Could not open disk', break: (bench) => bench.hypervisor.failNextLaunch('qemu: Could not open disk') },
};

for (const [step, { words, break: inject }] of Object.entries(injected)) {
  test(`a start that fails at ${step} says why and leaves nothing`, async () => {
    await using bench = await openBench();
    const id = await bench.create({ name: 'web', nics: [{}], userData });
    inject(bench);
    const error = toMvirtError(await failure(bench.vms().start(id, {})));
    expect(error.code).toBe('START_FAILED');
    expect(error.message).toStartWith('VM web could not be started: ');
    expect(error.message).toContain(words);

    expect(bench.vms().get(id)).toMatchObject({ pid: null, condition: { observed: 'stopped', wanted: 'stopped', cause: { kind: 'start-failed' } } });
    expect(bench.network.taps()).toEqual([]);
    expect(bench.host.processes.alive()).toEqual([]);
    expect(existsSync(bench.dir.join('vm', id, 'cloudinit.img'))).toBe(false);
    expect(existsSync(bench.dir.join('vm', id, 'cloudinit.d'))).toBe(false);
    expect(bench.store().vms.get(id)?.run?.live ?? false).toBe(false);
    expect(bench.events(id)).toEqual(['created', 'starting', 'start-failed']);

    bench.host.installed.add('genisoimage');
    expect((await bench.vms().start(id, {})).vm.condition.observed).toBe('running');
  });
}

test('the record of a run is durable before its VMM is', async () => {
  const seen: unknown[] = [];
  await using bench = await openBench({
    drivers: (fake) => [
      {
        ...fake,
        launch(request, options) {
          const record = () => bench.store().vms.get(request.run.vmId)?.run;
          seen.push({ ...record() });
          const onSpawned: typeof request.onSpawned = (process) => {
            request.onSpawned(process);
            seen.push(record()?.process?.pid === process.pid);
          };
          return fake.launch({ ...request, onSpawned }, options);
        },
      },
    ],
  });
  const id = await bench.started();
  expect(seen).toMatchObject([{ vmId: id, live: true, process: null }, true]);
});

test('user-data and keys become a seed image; a VM without has none', async () => {
  await using bench = await openBench();
  const bare = await bench.started({ name: 'bare' });
  const seeded = await bench.started({ name: 'seeded', userData, nics: [{ mac: '52:54:00:AA:BB:CC' }] });
  expect(bench.hypervisor.control(bare).seedImage).toBeNull();
  expect(bench.hypervisor.control(seeded).seedImage).toBe(bench.dir.join('vm', seeded, 'cloudinit.img'));
  expect(bench.host.ran.map((argv) => argv[0])).toEqual(['genisoimage']);
  expect(bench.hypervisor.control(seeded).run.nics).toEqual([{ index: 0, tap: tapName(seeded, 0), mac: '52:54:00:aa:bb:cc' }]);
});

test('a file that is missing is a warning at create and an error at start', async () => {
  await using bench = await openBench({ hypervisor: { missingFiles: 'refused' } });
  const { vm, warnings } = await bench.vms().create({ name: 'web', kernel: '/no/such/kernel', disks: [{ path: '/no/such/disk.raw' }] });
  expect(warnings).toEqual([
    'kernel: /no/such/kernel does not exist yet; it must before the VM is started',
    'disk: /no/such/disk.raw does not exist yet; it must before the VM is started',
  ]);
  expect(await failure(bench.vms().start(vm.id, {}))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(bench.events(vm.id)).toEqual(['created']);
});

test('one writable disk is not with two running VMs, by whatever name', async () => {
  await using bench = await openBench();
  const path = bench.file('disk.raw');
  symlinkSync(path, bench.dir.join('alias.raw'));
  const first = await bench.started({ name: 'first', disks: [{ path }] });
  const second = await bench.create({ name: 'second', disks: [{ path: bench.dir.join('alias.raw'), readonly: true }] });
  const refused = { code: 'DISK_IN_USE', message: expect.stringContaining('in use by VM first') };
  expect(await failure(bench.vms().start(second, {}))).toMatchObject(refused);
  expect(bench.state(second)).toBe('stopped');
  await bench.vms().stop(first, { graceMs: 1000 });
  await bench.vms().start(second, {});
  expect(await failure(bench.vms().start(first, {}))).toMatchObject({ code: 'DISK_IN_USE', message: expect.stringContaining('VM second') });
});

test('a start that failed has let go of its disks', async () => {
  await using bench = await openBench();
  const disks = [{ path: bench.file('disk.raw') }];
  const first = await bench.create({ name: 'first', disks });
  bench.hypervisor.failNextLaunch('no luck');
  await failure(bench.vms().start(first, {}));
  await bench.started({ name: 'second', disks });
});

test('two VMs that both only read a disk may run together', async () => {
  await using bench = await openBench();
  const disks = [{ path: bench.file('base.raw'), readonly: true }];
  await bench.started({ name: 'first', disks });
  await bench.started({ name: 'second', disks });
  expect(bench.hypervisor.living()).toHaveLength(2);
});

test('of two VMs with one disk that are started at once, one starts', async () => {
  await using bench = await openBench();
  const disks = [{ path: bench.file('disk.raw') }];
  const ids = [await bench.create({ disks }), await bench.create({ disks })];
  const outcomes = await Promise.allSettled(ids.map((id) => bench.vms().start(id, {})));
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('one file under two names is not two disks of one VM', async () => {
  await using bench = await openBench();
  const path = bench.file('disk.raw');
  symlinkSync(path, bench.dir.join('alias.raw'));
  const id = await bench.create({ disks: [{ path }, { path: bench.dir.join('alias.raw') }] });
  expect(await failure(bench.vms().start(id, {}))).toMatchObject({ code: 'DISK_IN_USE', message: expect.stringContaining('this VM itself') });
  rmSync(bench.dir.join('alias.raw'));
});

test('auto takes the first usable hypervisor, and a VM keeps it', async () => {
  await using bench = await openBench();
  bench.hypervisor.setReport({ usable: false, version: null, hint: 'apt-get install qemu-system-x86' });
  await bench.engine().host.hypervisors({});
  const { vm } = await bench.vms().create({ kernel: bench.file('kernel') });
  expect(vm).toMatchObject({ hypervisor: null, spec: { hypervisor: 'auto' }, capabilities: { pause: expect.stringContaining('no hypervisor') } });
  expect(await failure(bench.vms().start(vm.id, {}))).toMatchObject({
    code: 'HYPERVISOR_MISSING',
    message: `VM ${vm.id}: qemu is not installed`,
    hint: 'apt-get install qemu-system-x86',
  });
  bench.hypervisor.setReport({ usable: false, version: '7.2', notes: ['the trial guest did not answer'] });
  expect(await failure(bench.vms().start(vm.id, {}))).toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('the trial guest did not answer'),
  });
  bench.hypervisor.setReport({ usable: true, version: '7.2' });
  expect((await bench.vms().start(vm.id, {})).vm).toMatchObject({ hypervisor: 'qemu', spec: { hypervisor: 'qemu' } });
});

test('a hypervisor that this agent does not drive is refused at create', async () => {
  await using bench = await openBench();
  const call = bench.vms().create({ kernel: bench.file('kernel'), hypervisor: 'cloud-hypervisor' });
  expect(await failure(call)).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('cloud-hypervisor'), hint: 'it drives: qemu' });
});

test('a host without TAPs runs VMs that have no NIC', async () => {
  await using bench = await openBench();
  bench.network.setReason('the agent has no CAP_NET_ADMIN');
  await bench.started({ name: 'alone' });
  const id = await bench.create({ name: 'linked', nics: [{}] });
  expect(await failure(bench.vms().start(id, {}))).toMatchObject({ message: expect.stringContaining('no CAP_NET_ADMIN') });
});

test("a client's own TAP is used as it is and never removed", async () => {
  await using bench = await openBench();
  bench.network.addForeignTap('mytap0');
  const id = await bench.started({ nics: [{ tap: 'mytap0' }] });
  expect(bench.vms().get(id).nics).toEqual([{ mac: expect.any(String), tap: 'mytap0', network: null, kept: [], addresses: [] }]);
  await bench.vms().kill(id, {});
  expect(bench.network.foreignTaps()).toEqual(['mytap0']);
});

test('a caller who has left already starts nothing, and one who joins a start only to leave hurts nobody', async () => {
  await using bench = await openBench();
  const id = await bench.create();
  const gone = { signal: AbortSignal.abort() };
  expect(await failure(bench.vms().start(id, gone))).toMatchObject({ code: 'CANCELLED' });
  expect(bench.state(id)).toBe('stopped');

  bench.hypervisor.failNextLaunch('no luck');
  const release = bench.hypervisor.holdLaunches();
  const start = failure(bench.vms().start(id, {}));
  await bench.until(id, 'starting');
  expect(await failure(bench.vms().start(id, gone))).toMatchObject({ code: 'CANCELLED' });
  release();
  expect(await start).toMatchObject({ code: 'START_FAILED' });
});

test('the last words of an earlier run are not taken for those of a start that failed', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  bench.hypervisor.control(id).print('bye\n');
  await bench.vms().kill(id, {});
  for (const file of ['console.log', 'stdout.log']) if (existsSync(bench.dir.join('vm', id, file))) utimesSync(bench.dir.join('vm', id, file), 0, 0);
  bench.hypervisor.failNextLaunch('no luck');
  await failure(bench.vms().start(id, {}));
  expect(bench.vms().get(id).condition.cause).toMatchObject({ kind: 'start-failed', detail: 'no luck', consoleTail: null });
});
