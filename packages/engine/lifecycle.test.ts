import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { asVmId, MvirtError } from '@mvirt/domain';
import type { Store } from '@mvirt/store';
import { openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';

test('a VM is created, started, stopped by its guest, and deleted', async () => {
  await using bench = await openBench();
  const { vm, warnings } = await bench.vms().create({ name: 'web', kernel: bench.file('vmlinux'), nics: [{}] });
  expect(warnings).toEqual([]);
  expect(vm).toMatchObject({ name: 'web', hypervisor: 'qemu', pid: null, condition: { observed: 'stopped', wanted: 'stopped', cause: null } });

  const started = await bench.vms().start(vm.id, {});
  expect(started).toMatchObject({ changed: true, vm: { condition: { observed: 'running', wanted: 'running' }, startedAtMs: bench.clock.nowMs() } });
  expect(started.vm.pid).toBe(bench.hypervisor.control(vm.id).process.pid);
  expect(started.vm.nics).toEqual([
    { mac: expect.stringMatching(/^52:54:00:/), tap: expect.stringMatching(/^mvirt-/), network: 'bridge:br0', kept: [], addresses: [] },
  ]);
  expect(bench.network.taps()).toEqual([{ tap: started.vm.nics[0]?.tap ?? '', vmId: vm.id }]);

  const stopped = await bench.vms().stop(vm.id, { graceMs: 30_000 });
  expect(stopped).toMatchObject({ changed: true, vm: { pid: null, condition: { observed: 'stopped', wanted: 'stopped', cause: { kind: 'asked-stop' } } } });
  expect(bench.network.taps()).toEqual([]);
  expect(bench.events(vm.id)).toEqual(['created', 'starting', 'started', 'stopping', 'stopped']);

  const runDir = bench.dir.join('vm', vm.id);
  expect(existsSync(runDir)).toBe(true);
  expect(await bench.vms().delete(vm.id, {})).toMatchObject({ changed: true, vm: { id: vm.id } });
  expect(existsSync(runDir)).toBe(false);
  expect(() => bench.vms().get(vm.id)).toThrow('not found');
  expect(bench.engine().events.read({ since: null, limit: 1 })).toMatchObject([{ type: 'deleted', vmName: 'web' }]);
});

test('idempotent commands say that nothing changed', async () => {
  await using bench = await openBench();
  const id = await bench.create();
  expect(await bench.vms().stop(id, { graceMs: 0 })).toMatchObject({ changed: false });
  expect(await bench.vms().kill(id, {})).toMatchObject({ changed: false });
  await bench.vms().start(id, {});
  expect(await bench.vms().start(id, {})).toMatchObject({ changed: false });
  expect(await bench.vms().resume(id, {})).toMatchObject({ changed: false });
  await bench.vms().pause(id, {});
  expect(await bench.vms().pause(id, {})).toMatchObject({ changed: false });
});

test('pause, resume and reboot are answered when they are done', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  expect((await bench.vms().pause(id, {})).vm.condition.observed).toBe('paused');
  expect(await failure(bench.vms().start(id, {}))).toMatchObject({ code: 'WRONG_STATE', hint: `resume it: mvirt resume ${id}` });
  expect(await failure(bench.vms().reboot(id, {}))).toMatchObject({ code: 'WRONG_STATE' });
  expect((await bench.vms().resume(id, {})).vm.condition.observed).toBe('running');
  await bench.vms().reboot(id, {});
  expect(bench.hypervisor.control(id).state().resets).toBe(1);
  await bench.clock.advance(0);
  expect(bench.events(id)).toEqual(['created', 'starting', 'started', 'paused', 'resumed', 'rebooted']);
});

test('what the hypervisor cannot do is refused early, with its reason', async () => {
  await using bench = await openBench({ hypervisor: { capabilities: { pause: 'it has no brakes', reboot: 'it has no reset line' } } });
  const id = await bench.started();
  expect(await failure(bench.vms().pause(id, {}))).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('it has no brakes') });
  expect(await failure(bench.vms().reboot(id, {}))).toMatchObject({ code: 'UNSUPPORTED' });
  expect(bench.vms().get(id).capabilities.pause).toBe('it has no brakes');
});

test('the guest powers off by itself, reboots, panics', async () => {
  await using bench = await openBench();
  const off = await bench.started({ name: 'off' });
  bench.hypervisor.control(off).powerOff();
  expect(await bench.until(off, 'stopped')).toMatchObject({ condition: { wanted: 'stopped', cause: { kind: 'guest-power-off' } } });

  const panic = await bench.started({ name: 'panic' });
  bench.hypervisor.control(panic).print('Kernel panic - not syncing\n');
  bench.hypervisor.control(panic).panic();
  const { condition } = await bench.until(panic, 'stopped');
  expect(condition.cause).toMatchObject({ kind: 'guest-panic', consoleTail: 'Kernel panic - not syncing', hint: expect.stringContaining('mvirt logs panic') });
  expect(bench.events(panic)).toEqual(['created', 'starting', 'started', 'panicked', 'stopped']);
});

test('a VMM that dies leaves its cause, its last words and a hint', async () => {
  await using bench = await openBench();
  const id = await bench.started({ name: 'web' });
  await Bun.write(bench.dir.join('vm', id, 'stdout.log'), 'qemu: fatal: bad luck\n');
  bench.hypervisor.control(id).crash('SIGSEGV');
  const { condition } = await bench.until(id, 'stopped');
  expect(condition.cause).toMatchObject({
    kind: 'vmm-signal',
    signal: 'SIGSEGV',
    hypervisorTail: 'qemu: fatal: bad luck',
    hint: expect.stringContaining('mvirt start web'),
  });
});

test('a running VM is not deleted, and the hint names it', async () => {
  await using bench = await openBench();
  const id = await bench.started({ name: 'web' });
  expect(await failure(bench.vms().delete(id, {}))).toMatchObject({ code: 'WRONG_STATE', hint: 'stop it first: mvirt stop web, or mvirt kill web' });
  expect(bench.state(id)).toBe('running');
  expect(existsSync(bench.dir.join('vm', id, '.deleted'))).toBe(false);
});

test('a delete does not take a disk that somebody put into the run directory', async () => {
  await using bench = await openBench();
  const first = await bench.started({ name: 'first' });
  await bench.vms().kill(first, {});
  const disk = bench.dir.join('vm', first, 'data.raw');
  await Bun.write(disk, 'precious');
  const second = await bench.create({ name: 'second', disks: [{ path: disk }] });
  expect(await failure(bench.vms().delete(first, {}))).toMatchObject({ code: 'WRONG_STATE', message: expect.stringContaining('of VM second') });
  expect(await Bun.file(disk).text()).toBe('precious');
  await bench.vms().delete(second, {});
});

test('every call for a VM that is not there says so', async () => {
  await using bench = await openBench();
  const id = asVmId('nobody');
  const vms = bench.vms();
  const calls = [
    vms.start(id, {}),
    vms.stop(id, { graceMs: 0 }),
    vms.kill(id, {}),
    vms.delete(id, {}),
    vms.pause(id, {}),
    vms.set(id, {}),
    vms.detachNic(id, '52:54:00:00:00:01', {}),
  ];
  for (const call of calls) expect(await failure(call)).toMatchObject({ code: 'VM_NOT_FOUND' });
  expect(await failure(vms.wait(id, 'running', { timeoutMs: 1 }))).toMatchObject({ code: 'VM_NOT_FOUND' });
});

test('50 VMs start at once, and each is found running', async () => {
  await using bench = await openBench();
  const ids = await Promise.all(Array.from({ length: 50 }, (_, index) => bench.create({ name: `vm-${index}`, nics: [{}] })));
  await Promise.all(ids.map((id) => bench.vms().start(id, {})));
  expect(
    bench
      .vms()
      .list()
      .map((vm) => vm.condition.observed),
  ).toEqual(Array.from({ length: 50 }, () => 'running'));
  expect(bench.network.taps()).toHaveLength(50);
  await Promise.all(ids.map((id) => bench.vms().stop(id, { graceMs: 1000 })));
  expect(bench.hypervisor.living()).toEqual([]);
});

test('two who start one VM get the same answer', async () => {
  await using bench = await openBench();
  const id = await bench.create();
  const [first, second] = await Promise.all([bench.vms().start(id, {}), bench.vms().start(id, {})]);
  expect([first.changed, second.changed]).toEqual([true, false]);
  expect(bench.hypervisor.living()).toHaveLength(1);

  await bench.vms().kill(id, {});
  bench.hypervisor.failNextLaunch('no luck');
  const both = await Promise.allSettled([bench.vms().start(id, {}), bench.vms().start(id, {})]);
  expect(both.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(['START_FAILED', 'START_FAILED']);
});

test('a caller who hangs up ends its own wait only', async () => {
  await using bench = await openBench();
  const id = await bench.create();
  const release = bench.hypervisor.holdLaunches();
  const leave = new AbortController();
  const call = bench.vms().start(id, { signal: leave.signal });
  await bench.until(id, 'starting');
  leave.abort();
  expect(await failure(call)).toMatchObject({ code: 'CANCELLED' });
  release();
  await bench.until(id, 'running');
});

test('wait answers in the state, ends by its deadline, and tells of a delete', async () => {
  await using bench = await openBench();
  const id = await bench.create({ name: 'web' });
  const running = bench.vms().wait(id, 'running', { timeoutMs: null });
  await bench.vms().start(id, {});
  expect((await running).condition.observed).toBe('running');

  const never = failure(bench.vms().wait(id, 'stopped', { timeoutMs: 5000 }));
  await bench.clock.advance(5000);
  expect(await never).toMatchObject({ code: 'TIMEOUT', message: 'VM web is not stopped after 5 s: it is running' });

  await bench.vms().kill(id, {});
  const gone = failure(bench.vms().wait(id, 'running', { timeoutMs: null }));
  await bench.vms().delete(id, {});
  expect(await gone).toMatchObject({ code: 'VM_NOT_FOUND' });
});

test('a VMM that stops answering is shown so, and recovers', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  bench.hypervisor.control(id).hang();
  await bench.clock.advance(0);
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'running', responsive: false });
  expect(await failure(bench.vms().pause(id, {}))).toMatchObject({ code: 'HYPERVISOR_UNRESPONSIVE' });
  const other = await bench.started({ name: 'other' });
  expect(bench.state(other)).toBe('running');
  bench.hypervisor.control(id).wake();
  await bench.clock.advance(0);
  expect(bench.vms().get(id).condition.responsive).toBe(true);
  expect(bench.events(id).slice(-2)).toEqual(['unresponsive', 'responsive']);
});

test('an end that cannot be stored for want of room is stored once there is some', async () => {
  let full = false;
  await using bench = await openBench({
    store: (real) => ({
      ...real,
      transact(work) {
        if (full) throw new MvirtError({ code: 'DISK_FULL', message: 'no room' });
        return real.transact(work);
      },
    }),
  });
  const id = await bench.started();
  full = true;
  bench.hypervisor.control(id).powerOff();
  await bench.clock.advance(3000);
  expect(bench.state(id)).toBe('running');
  expect(await failure(bench.vms().set(id, { name: 'x' }))).toMatchObject({ code: 'DISK_FULL' });
  full = false;
  await bench.clock.advance(1000);
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'stopped', cause: { kind: 'guest-power-off' } });
});

test('a pause that cannot be stored for want of room says so at once, and is listed once there is some', async () => {
  let full = false;
  await using bench = await openBench({
    store: (real) => {
      const update: Store['vms']['update'] = (...change) => {
        if (full) throw new MvirtError({ code: 'DISK_FULL', message: 'no room' });
        return real.vms.update(...change);
      };
      return { ...real, vms: { ...real.vms, update } };
    },
  });
  const id = await bench.started({ name: 'web' });
  full = true;
  const told = await failure(bench.vms().pause(id, {}));
  expect(told).toMatchObject({ code: 'DISK_FULL', message: 'VM web is paused, and that cannot be stored yet: no room' });
  full = false;
  await bench.clock.advance(1000);
  expect(bench.state(id)).toBe('paused');
  await bench.vms().resume(id, {});
  expect(bench.state(id)).toBe('running');
});

test('a VM is killed also while nothing can be stored; its end is stored later, as asked for: its policy does not start it again', async () => {
  let full = false;
  await using bench = await openBench({
    store: (real) => ({
      ...real,
      transact(work) {
        if (full) throw new MvirtError({ code: 'DISK_FULL', message: 'no room' });
        return real.transact(work);
      },
    }),
  });
  const id = await bench.started({ name: 'flood', restart: 'always' });
  const { process } = bench.hypervisor.control(id);
  full = true;
  expect(await failure(bench.vms().kill(id, {}))).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('VM flood is being killed') });
  expect(bench.host.processes.isAlive(process)).toBe(false);
  full = false;
  await bench.clock.advance(2000);
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'stopped', wanted: 'stopped', cause: { kind: 'killed' }, restart: null });
  await bench.vms().start(id, {});
  bench.hypervisor.control(id).crash();
  await bench.until(id, 'stopped');
  expect(bench.vms().get(id).condition.restart).toMatchObject({ attempts: 1 });
});

test('on the last room of a filesystem nothing new is begun, and what runs is stopped', async () => {
  let freeBytes = 1024 * 1024;
  await using bench = await openBench();
  const id = await bench.started({ name: 'web' });
  const other = await bench.create({ name: 'other' });
  const { files } = bench.host;
  const real = files.freeBytes;
  files.freeBytes = () => freeBytes;
  const full = {
    code: 'DISK_FULL',
    message: expect.stringContaining(`the filesystem of ${bench.dir.path} is full (1024 KiB are left`),
    hint: expect.stringContaining('df -h'),
  };
  expect(await failure(bench.vms().create({ name: 'new', kernel: bench.dir.join('kernel') }))).toMatchObject(full);
  expect(await failure(bench.vms().start(other, {}))).toMatchObject(full);
  expect((await bench.vms().stop(id, { graceMs: 10_000 })).vm.condition.observed).toBe('stopped');
  freeBytes = 1024 * 1024 * 1024;
  await bench.vms().start(other, {});
  files.freeBytes = real;
});
