import { expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asVmId, type VmId } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { createQemuDriver } from '@mvirt/hypervisor/qemu';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { createFakeManagedNetworks } from '@mvirt/testkit/fake-managed-networks';
import { createFakeNetwork } from '@mvirt/testkit/fake-network';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { tinyGuestPath } from '@mvirt/testkit/tiny-guest';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createEngine, type Engine } from './engine.ts';
import { createSystemClock } from './system-clock.ts';

const host = createLinuxHost();
const missing = host.programs.find('qemu-system-x86_64') === null ? 'qemu-system-x86_64 (Debian package qemu-system-x86) is missing' : null;
if (missing) console.log(`skipped: ${missing}`);
const guestTest = (name: string, work: () => Promise<void>) => test.skipIf(missing !== null)(name, work, 60_000);

const id = asVmId('vm-of-a-dying-agent');

/** Another agent, in a process of its own. */
function agent(dataDir: string, task: 'start' | 'stop'): { child: ChildProcess; ready: Promise<unknown>; shoot(): Promise<void> } {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('@mvirt/testkit/engine/agent-process')), dataDir, task, id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit').then(() => Promise.reject(new Error('the agent ended by itself')))]);
  ready.catch(() => {}); // whoever shoots it before does not wait for it
  const shoot = async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { child, ready, shoot };
}

/** The next agent, in this process, for as long as the work takes. */
async function withEngine(dataDir: string, work: (engine: Engine) => Promise<void>): Promise<void> {
  const store = createSqliteStore({ dataDir });
  const drivers = [createQemuDriver({ host, dataDir, guestImage: tinyGuestPath() })];
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const engine = createEngine({
    store,
    host,
    network: createFakeNetwork(),
    managed: createFakeManagedNetworks(),
    drivers,
    defaultHypervisor: 'qemu',
    dataDir,
    bridge: 'br0',
    clock: createSystemClock(),
    log,
  });
  try {
    await engine.recover();
    await work(engine);
  } finally {
    await engine.close();
    store.close();
  }
}

const pidOf = (dataDir: string): number => {
  const store = createSqliteStore({ dataDir });
  const pid = store.vms.get(id)?.run?.process?.pid;
  store.close();
  if (pid === undefined) throw new Error('no VMM is recorded');
  return pid;
};

const end = async (engine: Engine, vm: VmId) => {
  await engine.vms.kill(vm, {});
  await engine.vms.delete(vm, {});
};

guestTest('an agent killed by -9 is followed by one that finds the guest running, and stops it gracefully', async () => {
  using dir = tempDir('death');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const first = agent(dir.path, 'start');
  await first.ready;
  await first.shoot();
  const pid = pidOf(dir.path);
  await withEngine(dir.path, async ({ vms, events }) => {
    expect(vms.get(id)).toMatchObject({ pid, condition: { observed: 'running', responsive: true } });
    await vms.pause(id, {});
    await vms.resume(id, {});
    expect((await vms.stop(id, { graceMs: 20_000 })).vm.condition.cause?.kind).toBe('asked-stop');
    expect(events.read({ since: null, vmId: id, limit: 100 }).map((event) => event.type)).toEqual([
      'created',
      'starting',
      'started',
      'adopted',
      'paused',
      'resumed',
      'stopping',
      'stopped',
    ]);
    await vms.delete(id, {});
  });
});

guestTest('a VMM that was killed while no agent was there is settled with the signal', async () => {
  using dir = tempDir('death');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const first = agent(dir.path, 'start');
  await first.ready;
  await first.shoot();
  const vmm = host.processes.identify(pidOf(dir.path));
  if (!vmm) throw new Error('the VMM lives');
  host.processes.signal(vmm, 'SIGKILL');
  await waitFor('the VMM to be gone', () => !host.processes.isAlive(vmm));
  await withEngine(dir.path, async (engine) => {
    expect(engine.vms.get(id).condition).toMatchObject({ observed: 'stopped', wanted: 'stopped', cause: { kind: 'vmm-signal', signal: 'SIGKILL' } });
    await end(engine, id);
  });
});

guestTest('a VMM that is stopped by a signal is adopted as not responding, and killed', async () => {
  using dir = tempDir('death');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const first = agent(dir.path, 'start');
  await first.ready;
  await first.shoot();
  const vmm = host.processes.identify(pidOf(dir.path));
  if (!vmm) throw new Error('the VMM lives');
  host.processes.signal(vmm, 'SIGSTOP');
  await withEngine(dir.path, async (engine) => {
    expect(engine.vms.get(id).condition).toMatchObject({ observed: 'running', responsive: false });
    expect((await engine.vms.kill(id, {})).vm.condition.cause?.kind).toBe('killed');
    expect(host.processes.isAlive(vmm)).toBe(false);
    await engine.vms.delete(id, {});
  });
});

guestTest('a stop without a limit goes on with the next agent', async () => {
  using dir = tempDir('death');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const first = agent(dir.path, 'start');
  await first.ready;
  await first.shoot();
  const vmm = host.processes.identify(pidOf(dir.path));
  if (!vmm) throw new Error('the VMM lives');
  host.processes.signal(vmm, 'SIGSTOP'); // so that it does not hear the button of the second agent
  const second = agent(dir.path, 'stop');
  await second.ready;
  await second.shoot();
  host.processes.signal(vmm, 'SIGCONT');
  await withEngine(dir.path, async (engine) => {
    expect((await engine.vms.wait(id, 'stopped', { timeoutMs: 20_000 })).condition.cause?.kind).toBe('asked-stop');
    await engine.vms.delete(id, {});
  });
});

guestTest('an agent killed at any moment of a start leaves a VM that runs, or one that is off and nothing of it', async () => {
  const outcomes = new Set<string>();
  for (const afterMs of [null, null, 0, 5, 20, 50, 80, 120, 200]) {
    using dir = tempDir('death');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const first = agent(dir.path, 'start');
    // Before there is a VMM, or so long after its pid was written.
    await waitFor('the start to be under way', () => existsSync(dir.join('vm', id, ...(afterMs === null ? [] : ['vmm.pid']))));
    await Promise.race([first.ready, Bun.sleep(afterMs ?? 0)]);
    await first.shoot();
    await withEngine(dir.path, async (engine) => {
      const vm = engine.vms.list()[0];
      outcomes.add(`${afterMs} ms: ${vm?.condition.observed ?? 'none'}`);
      const inside = host.processes.findByCwd(dir.join('vm', id));
      expect(inside.map((process) => process.pid)).toEqual(vm?.condition.observed === 'running' ? [vm.pid ?? 0] : []);
      if (vm) await end(engine, vm.id);
    });
  }
  console.log(`found: ${[...outcomes].join(', ')}`);
});
