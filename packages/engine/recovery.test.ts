import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { asVmId, newCondition } from '@mvirt/domain';
import type { HypervisorDriver } from '@mvirt/hypervisor';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { failure } from '@mvirt/testkit/engine/failure';
import { createFakeProcesses } from '@mvirt/testkit/fake-processes';
import { storedVm } from './device-change.ts';

test('an agent that was killed finds its VMs as they are', async () => {
  await using bench = await openBench();
  const running = await bench.started({ name: 'running', nics: [{}] });
  const paused = await bench.started({ name: 'paused' });
  await bench.vms().pause(paused, {});
  const stopped = await bench.create({ name: 'stopped' });
  const before = bench.vms().get(running);
  await bench.clock.advance(60_000);
  bench.crash();
  await bench.clock.advance(60_000);
  await bench.reborn();

  expect(bench.vms().get(running)).toMatchObject({
    pid: before.pid,
    nics: before.nics,
    startedAtMs: before.startedAtMs,
    condition: { observed: 'running', responsive: true },
  });
  expect(bench.state(paused)).toBe('paused');
  expect(bench.state(stopped)).toBe('stopped');
  expect(bench.events(running).slice(-1)).toEqual(['adopted']);
  expect(bench.network.taps()).toHaveLength(1);

  await bench.vms().resume(paused, {});
  expect((await bench.vms().stop(running, { graceMs: 1000 })).vm.condition.cause?.kind).toBe('asked-stop');
  bench.hypervisor.control(paused).crash('SIGSEGV');
  expect((await bench.until(paused, 'stopped')).condition.cause).toMatchObject({ kind: 'vmm-signal', signal: 'SIGSEGV' });
});

test('what ended while no agent watched is settled with its cause, and its TAPs are gone', async () => {
  await using bench = await openBench();
  const off = await bench.started({ name: 'off', nics: [{}] });
  const shot = await bench.started({ name: 'shot', nics: [{}] });
  const panicked = await bench.started({ name: 'panicked' });
  bench.crash();
  bench.hypervisor.control(off).powerOff();
  bench.host.processes.signal(bench.hypervisor.control(shot).process, 'SIGKILL');
  bench.hypervisor.control(panicked).panic();
  await bench.reborn();
  expect(bench.vms().get(off).condition).toMatchObject({ observed: 'stopped', wanted: 'stopped', cause: { kind: 'guest-power-off' } });
  expect(bench.vms().get(shot).condition.cause).toMatchObject({ kind: 'vmm-signal', signal: 'SIGKILL', hint: expect.stringContaining('mvirt start shot') });
  expect(bench.vms().get(panicked).condition.cause?.kind).toBe('guest-panic');
  await bench.clock.advance(0);
  expect(bench.network.taps()).toEqual([]);
});

test('after a reboot of the host every run has ended by it', async () => {
  await using bench = await openBench();
  const id = await bench.started({ nics: [{}] });
  const run = bench.store().vms.get(id)?.run;
  const process = run?.process;
  if (!run || !process) throw new Error('a running VM has a recorded process');
  bench.store().vms.update(id, { run: { ...run, process: { ...process, bootId: createFakeProcesses('another').bootId } } });
  bench.crash();
  bench.hypervisor.control(id).crash();
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'stopped', cause: { kind: 'host-reboot' } });
});

test('a VMM that does not answer is adopted as running, and kill works on it', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  bench.crash();
  bench.host.processes.signal(bench.hypervisor.control(id).process, 'SIGSTOP');
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'running', responsive: false });
  expect((await bench.vms().kill(id, {})).vm.condition.cause?.kind).toBe('killed');
});

test('a VM whose hypervisor cannot be talked to any more can be killed, and its end is noticed', async () => {
  let broken = false;
  await using bench = await openBench({
    drivers: (fake) => [{ ...fake, adopt: async (run, options) => (broken ? Promise.reject(new Error('its socket is gone')) : fake.adopt(run, options)) }],
  });
  const [first, second] = [await bench.started({ name: 'first' }), await bench.started({ name: 'second' })];
  bench.crash();
  broken = true;
  await bench.reborn();
  expect(bench.vms().get(first).condition).toMatchObject({ observed: 'running', responsive: false });
  expect((await bench.vms().kill(first, {})).vm.condition.cause?.kind).toBe('killed');
  bench.hypervisor.control(second).crash('SIGABRT');
  expect((await bench.until(second, 'stopped')).condition.cause).toMatchObject({ signal: 'SIGABRT' });
});

test('a stop goes on with the next agent, by its old deadline', async () => {
  await using bench = await openBench({ hypervisor: { manners: { hearsButton: false } } });
  const id = await bench.started();
  const left = failure(bench.vms().stop(id, { graceMs: 30_000 }));
  await bench.clock.advance(10_000);
  const pressed = bench.hypervisor.control(id).state().buttonPresses;
  bench.crash();
  await bench.clock.advance(5000);
  await bench.reborn();
  expect(bench.state(id)).toBe('stopping');
  await bench.clock.advance(0);
  expect(bench.hypervisor.control(id).state().buttonPresses).toBeGreaterThan(pressed);
  await bench.clock.advance(15_000);
  expect((await bench.until(id, 'stopped')).condition.cause?.kind).toBe('powered-off');
  void left;
});

test('a kill that an agent died of is done by the next one', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  const stored = bench.store().vms.get(id);
  if (!stored) throw new Error('it is stored');
  bench.store().vms.update(id, {
    condition: { ...stored.condition, observed: 'stopping', wanted: 'stopped', stop: { by: 'kill', deadlineAtMs: null, poweringOff: true } },
  });
  bench.crash();
  await bench.reborn();
  expect((await bench.until(id, 'stopped')).condition.cause?.kind).toBe('killed');
});

test('a start that an agent died of, before its VMM: undone, with its TAPs', async () => {
  await using bench = await openBench({ drivers: (fake) => [{ ...fake, launch: () => new Promise(() => {}) }] });
  const id = await bench.create({ nics: [{}] });
  void bench.vms().start(id, {});
  await bench.clock.advance(0);
  expect(bench.network.taps()).toHaveLength(1);
  bench.crash();
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({
    observed: 'stopped',
    cause: { kind: 'start-failed', detail: expect.stringContaining('the agent ended') },
  });
  await bench.clock.advance(0);
  expect(bench.network.taps()).toEqual([]);
});

/** Spawns a VMM for real, so to speak, and dies before it can say so. */
const diesAfterSpawn = (bench: () => Bench, adopt?: HypervisorDriver['adopt']) => (fake: HypervisorDriver) => [
  {
    ...fake,
    ...(adopt ? { adopt } : {}),
    launch: async ({ run }: Parameters<HypervisorDriver['launch']>[0]) => {
      const { pid } = bench().host.processes.start({ cwd: run.runDir });
      writeFileSync(`${run.runDir}/vmm.pid`, `${pid}\n`);
      return new Promise<never>(() => {});
    },
  },
];

test('a VMM that was spawned and not recorded is found by its run directory; what does not answer is ended', async () => {
  await using bench: Bench = await openBench({ drivers: diesAfterSpawn(() => bench) });
  const id = await bench.create();
  void bench.vms().start(id, {});
  await bench.clock.advance(0);
  expect(bench.host.processes.alive()).toHaveLength(1);
  bench.crash();
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'stopped', cause: { kind: 'start-failed' } });
  expect(bench.host.processes.alive()).toEqual([]);
});

test('a VMM that was spawned, not recorded, and runs its guest is adopted', async () => {
  let status: 'running' | 'paused' = 'running';
  const adopt: HypervisorDriver['adopt'] = async (run) => ({
    process: run.process,
    listen: () => {},
    status: async () => status,
    resume: async () => {
      status = 'running';
    },
    pressPowerButton: async () => {},
    powerOff: async () => {},
    pause: async () => {},
    reset: async () => {},
    attachDisk: async () => {},
    detachDisk: async () => 'removed',
    attachNic: async () => {},
    detachNic: async () => 'removed',
    resize: async () => 'done',
    blockStats: async () => [],
    openInput: () => Promise.reject(new Error('no line')),
    close: () => {},
  });
  for (const found of ['running', 'paused'] as const) {
    await using bench: Bench = await openBench({ drivers: diesAfterSpawn(() => bench, adopt) });
    status = found;
    const id = await bench.create();
    void bench.vms().start(id, {});
    await bench.clock.advance(0);
    bench.crash();
    await bench.reborn();
    expect(bench.vms().get(id)).toMatchObject({ pid: bench.host.processes.alive()[0]?.pid ?? 0, condition: { observed: 'running', responsive: true } });
    expect(status).toBe('running');
    const kill = bench.vms().kill(id, {});
    await bench.clock.advance(3000); // this VMM never tells of its end
    await kill;
  }
});

test("somebody's shell in a run directory is no VMM", async () => {
  await using bench = await openBench({ drivers: (fake) => [{ ...fake, launch: () => new Promise(() => {}) }] });
  const id = await bench.create();
  void bench.vms().start(id, {});
  await bench.clock.advance(0);
  const shell = bench.host.processes.start({ cwd: bench.dir.join('vm', id) });
  bench.crash();
  await bench.reborn();
  expect(bench.state(id)).toBe('stopped');
  expect(bench.host.processes.isAlive(shell)).toBe(true);
  bench.host.processes.end(shell);
});

test('a delete that had begun is finished; a directory without a mark is left alone', async () => {
  await using bench = await openBench();
  const kept = await bench.started({ name: 'kept' });
  bench.crash();
  const gone = bench.dir.join('vm', 'gone');
  const strange = bench.dir.join('vm', 'strange');
  for (const path of [gone, strange]) mkdirSync(path);
  writeFileSync(`${gone}/.deleted`, '');
  writeFileSync(bench.dir.join('vm', kept, '.deleted'), '');
  await bench.reborn();
  expect(existsSync(gone)).toBe(false);
  expect(existsSync(strange)).toBe(true);
  expect(bench.state(kept)).toBe('running');
  expect(existsSync(bench.dir.join('vm', kept, '.deleted'))).toBe(false);
  await Bun.$`rmdir ${strange}`.quiet();
});

test("TAPs of ended runs are released, others' are not", async () => {
  await using bench = await openBench();
  const running = await bench.started({ name: 'running', nics: [{}] });
  const stopped = await bench.create({ name: 'stopped' });
  const left = { nics: [{ index: 0, tap: null, mac: null }] };
  await bench.network.prepare({ vmId: stopped, ...left }, {});
  await bench.network.prepare({ vmId: 'of-another-agent', ...left }, {});
  bench.crash();
  await bench.reborn();
  expect(bench.network.taps().map((tap) => tap.vmId)).toEqual([running, 'of-another-agent']);
  await bench.network.release('of-another-agent', {});
});

test('20 VMs are adopted side by side', async () => {
  let inside = 0;
  let most = 0;
  await using bench = await openBench({
    drivers: (fake) => [
      {
        ...fake,
        async adopt(run, options) {
          most = Math.max(most, ++inside);
          const vmm = await fake.adopt(run, options);
          inside--;
          return vmm;
        },
      },
    ],
  });
  for (let index = 0; index < 20; index++) await bench.started({ name: `vm-${index}` });
  bench.crash();
  await bench.reborn();
  expect(most).toBe(20);
  expect(
    bench
      .vms()
      .list()
      .filter((vm) => vm.condition.observed === 'running'),
  ).toHaveLength(20);
});

test('an adopted VM holds its disks', async () => {
  await using bench = await openBench();
  const disks = [{ path: bench.file('disk.raw') }];
  await bench.started({ name: 'first', disks });
  const second = await bench.create({ name: 'second', disks });
  bench.crash();
  await bench.reborn();
  expect(await failure(bench.vms().start(second, {}))).toMatchObject({ code: 'DISK_IN_USE' });
});

test('an agent that leaves in an orderly way lets its VMs run', async () => {
  await using bench = await openBench();
  const id = await bench.started();
  await bench.engine().close();
  bench.crash();
  expect(bench.hypervisor.control(id).state().observed).toBe('running');
  await bench.reborn();
  expect(bench.state(id)).toBe('running');
});

test("another daemon's VM of which cannot be told whether it lives is not called ended, and is looked at again", async () => {
  await using bench = await openBench();
  const id = await bench.create();
  const theirs = bench.host.processes.start({ cwd: '/' });
  const runDir = bench.dir.join('vm', id);
  mkdirSync(runDir, { recursive: true });
  const foreign = { pid: theirs.pid, apiSocket: `${runDir}/api.sock`, serialSocket: `${runDir}/serial.sock` };
  const run = {
    vmId: id,
    runDir,
    runId: 'foreign',
    hypervisor: 'cloud-hypervisor' as const,
    process: null,
    disks: [],
    nics: [],
    live: true,
    startedAtMs: 0,
    foreign,
  };
  bench.store().vms.update(id, { run, condition: { ...newCondition(), observed: 'running', wanted: 'running' } });
  for (const kind of ['full', 'denied'] as const) {
    bench.crash();
    bench.host.sockets = { ...bench.host.sockets, listenerOf: () => ({ kind }) };
    await bench.reborn();
    expect(bench.vms().get(id)).toMatchObject({ pid: theirs.pid, condition: { observed: 'running', responsive: false } });
    expect(bench.log.at(-1)).toContain('cannot be told now');
  }
  bench.crash();
  bench.host.processes.end(theirs);
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({
    observed: 'stopped',
    cause: { kind: 'not-observable', detail: expect.stringContaining('ended while no agent watched') },
  });
});

test('ids that are no names for a folder: what is theirs lies elsewhere, and deleting them removes nothing else', async () => {
  await using bench = await openBench();
  const kept = await bench.started({ name: 'kept' });
  for (const id of ['', '..', '../..', 'a/b', '-rf']) {
    bench.store().vms.insert({ ...storedVm({ store: bench.store() }, kept), id: asVmId(id), name: null, condition: newCondition(), run: null });
    await bench.vms().start(asVmId(id), {});
    bench.crash();
    await bench.reborn();
    expect(bench.state(asVmId(id))).toBe('running');
    await bench.vms().kill(asVmId(id), {});
    await bench.vms().delete(asVmId(id), {});
  }
  expect(existsSync(bench.dir.join('vm', kept))).toBe(true);
});

test('a stop that had ended a start is no failure with the next agent', async () => {
  await using bench = await openBench({ drivers: (fake) => [{ ...fake, launch: () => new Promise(() => {}) }] });
  const id = await bench.create();
  void bench.vms().start(id, {});
  await bench.clock.advance(0);
  void failure(bench.vms().stop(id, { graceMs: null }));
  await bench.clock.advance(0);
  expect(bench.state(id)).toBe('stopping');
  bench.crash();
  await bench.reborn();
  expect(bench.vms().get(id).condition).toMatchObject({ observed: 'stopped', cause: { kind: 'powered-off' } });
});
