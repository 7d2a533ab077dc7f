import { expect } from 'bun:test';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { type CreateInput, eventDetails, type VmId } from '@mvirt/domain';
import { createEngine, type Engine, type EngineDeps, type EngineLog, type LogFields, type VmService, type VmSnapshot } from '@mvirt/engine';
import type { Host } from '@mvirt/host';
import type { HypervisorDriver, Vmm } from '@mvirt/hypervisor';
import type { ManagedNetworks, Network } from '@mvirt/network';
import type { Store } from '@mvirt/store';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { createFakeClock, type FakeClock } from '../fake-clock.ts';
import { createFakeHost, type FakeHost } from '../fake-host.ts';
import { createFakeHypervisor, type FakeHypervisor, type FakeHypervisorOptions } from '../fake-hypervisor.ts';
import { createFakeManagedNetworks, type FakeManagedNetworks } from '../fake-managed-networks.ts';
import { createFakeNetwork, type FakeNetwork } from '../fake-network.ts';
import { createFakeProcesses } from '../fake-processes.ts';
import { watchLeaks } from '../leak-check.ts';
import { memoryDir, type TempDir, tempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';

export type BenchOptions = {
  hypervisor?: FakeHypervisorOptions;
  drivers?: (fake: FakeHypervisor) => HypervisorDriver[];
  /** What the engine is given for the store. */
  store?: (real: Store) => Store;
  /** And for bridges and TAPs. */
  network?: (fake: FakeNetwork) => Network;
  /** For networks of the agent's own. */
  managed?: (fake: FakeManagedNetworks) => ManagedNetworks;
  /** And for the host. */
  host?: (fake: Host) => Host;
  /** For whoever opens hundreds of benches: its files are in memory, and what is left of the real world is looked for once, not in each. */
  oneOfMany?: boolean;
} & Partial<Pick<EngineDeps, 'defaultHypervisor'>>;

/** An engine on a real store and a fake world that outlives it. Disposing it ends all VMs and proves that nothing is left. */
export type Bench = AsyncDisposable & {
  readonly dir: TempDir;
  readonly host: FakeHost;
  readonly network: FakeNetwork;
  readonly managed: FakeManagedNetworks;
  readonly hypervisor: FakeHypervisor;
  readonly clock: FakeClock;
  readonly log: string[];
  engine(): Engine;
  vms(): VmService;
  store(): Store;
  /** The agent dies by -9; nothing of it acts any more. Start another with reborn(). */
  crash(): void;
  /** Another agent on the same data directory, recovered. */
  reborn(): Promise<void>;
  /** An empty file that can be a disk or a kernel. */
  file(name: string): string;
  create(input?: CreateInput): Promise<VmId>;
  started(input?: CreateInput): Promise<VmId>;
  state(id: VmId): VmSnapshot['condition']['observed'];
  until(id: VmId, state: VmSnapshot['condition']['observed']): Promise<VmSnapshot>;
  events(id: VmId): string[];
};

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const dir = options.oneOfMany ? memoryDir('engine') : tempDir('engine');
  const leaks = options.oneOfMany ? null : watchLeaks({ dir: dir.path, mayStay: () => true });
  const host = createFakeHost({ processes: createFakeProcesses() });
  const network = createFakeNetwork();
  const managed = createFakeManagedNetworks();
  const hypervisor = createFakeHypervisor({ processes: host.processes, ...options.hypervisor });
  const drivers = options.drivers?.(hypervisor) ?? [hypervisor];
  const clock = createFakeClock();
  const log: string[] = [];
  let life: Life;

  const begin = (): Life => {
    const alive: Alive = { dead: false, timers: new Set(), vmms: new Set() };
    const store = createSqliteStore({ dataDir: dir.path, clock: () => clock.nowMs() });
    const mortalClock: EngineDeps['clock'] = {
      nowMs: clock.nowMs,
      after: (delayMs, callback) => mourned(alive, callback, (fire) => clock.after(delayMs, fire)),
    };
    const processes = {
      ...host.processes,
      onEnd: (...[identity, callback]: Parameters<FakeHost['processes']['onEnd']>) => host.processes.onEnd(identity, () => alive.dead || callback()),
    };
    const mortalHost = { ...host, processes };
    const mortalManaged = mortalNetworks(managed, alive);
    const engine = createEngine({
      store: options.store?.(store) ?? store,
      host: options.host?.(mortalHost) ?? mortalHost,
      network: options.network?.(network) ?? network,
      managed: options.managed?.(mortalManaged) ?? mortalManaged,
      drivers: drivers.map((driver) => mortalDriver(driver, alive)),
      defaultHypervisor: options.defaultHypervisor ?? 'auto',
      dataDir: dir.path,
      bridge: 'br0',
      clock: mortalClock,
      log: collect(log, alive),
    });
    return { engine, store, die: () => die(alive, engine, store) };
  };

  life = begin();
  await life.engine.recover();
  await life.engine.host.hypervisors({});
  const vms = () => life.engine.vms;
  const bench: Bench = {
    dir,
    host,
    network,
    managed,
    hypervisor,
    clock,
    log,
    engine: () => life.engine,
    vms,
    store: () => life.store,
    crash: () => life.die(),
    async reborn() {
      const born = begin();
      life = born;
      const recovered = born.engine.recover();
      let done = false;
      const settled = recovered.finally(() => {
        done = true;
      });
      while (!done && life === born) await Promise.race([settled, clock.advance(50)]);
      await recovered;
    },
    file(name) {
      writeFileSync(dir.join(name), '');
      return dir.join(name);
    },
    async create(input = {}) {
      const boots = input.kernel || input.firmware || input.disks?.length;
      const { vm } = await vms().create(boots ? input : { ...input, kernel: bench.file('kernel') });
      return vm.id;
    },
    async started(input) {
      const id = await bench.create(input);
      await vms().start(id, {});
      return id;
    },
    state: (id) => vms().get(id).condition.observed,
    until: (id, state) => waitFor(`VM ${id} to be ${state}`, () => [vms().get(id)].find((vm) => vm.condition.observed === state) ?? null),
    events: (id) => life.engine.events.read({ since: null, vmId: id, limit: 1000 }).map((event) => event.type),
    async [Symbol.asyncDispose]() {
      for (const { id } of vms().list()) {
        await vms().kill(id, {});
        await vms().delete(id, {});
      }
      for (const { type, detail } of life.engine.events.read({ since: null, limit: 10_000 })) {
        expect([type, eventDetails[type].detail.safeParse(detail).error]).toEqual([type, undefined]);
      }
      await life.engine.close();
      life.store.close();
      expect(host.processes.alive()).toEqual([]);
      expect(network.taps()).toEqual([]);
      expect(existsSync(dir.join('vm')) ? readdirSync(dir.join('vm')) : []).toEqual([]);
      await waitFor('no timer to be left', () => clock.pending() === 0);
      await leaks?.check();
      dir[Symbol.dispose]();
    },
  };
  return bench;
}

type Life = { engine: Engine; store: Store; die(): void };
type Alive = { dead: boolean; timers: Set<Disposable>; vmms: Set<Vmm> };

/** A dead agent's connections are gone with it. */
function mortalDriver(driver: HypervisorDriver, alive: Alive): HypervisorDriver {
  const known = (vmm: Vmm): Vmm => {
    const mortal: Vmm = {
      ...vmm,
      close() {
        alive.vmms.delete(mortal);
        vmm.close();
      },
    };
    alive.vmms.add(mortal);
    return mortal;
  };
  return {
    ...driver,
    launch: async (request, options) => known(await driver.launch(request, options)),
    adopt: async (run, options) => known(await driver.adopt(run, options)),
  };
}

/** A dead agent hears nothing any more, and changes nothing. */
function mortalNetworks(managed: FakeManagedNetworks, alive: Alive): FakeManagedNetworks {
  return { ...managed, watch: (name, listener) => managed.watch(name, (what) => alive.dead || listener(what)) };
}

/** A dead agent's timers are gone with it; those that have fired or were disposed are forgotten, with all that they hold. */
function mourned(alive: Alive, callback: () => void, set: (fire: () => void) => Disposable): Disposable {
  const inner = set(() => {
    alive.timers.delete(timer);
    if (!alive.dead) callback();
  });
  const timer: Disposable = {
    [Symbol.dispose]() {
      alive.timers.delete(timer);
      inner[Symbol.dispose]();
    },
  };
  alive.timers.add(timer);
  return timer;
}

function die(alive: Alive, engine: Engine, store: Store): void {
  void (engine.consoles as Engine['consoles'] & { close(): Promise<void> }).close();
  alive.dead = true;
  for (const timer of alive.timers) timer[Symbol.dispose]();
  for (const vmm of alive.vmms) vmm.close();
  // From here on all that the old engine still tries fails: it can store nothing.
  store.close();
}

function collect(lines: string[], alive: Alive): EngineLog {
  const say = (level: string) => (message: string, fields?: LogFields) => {
    if (!alive.dead) lines.push(`${level} ${message}${fields?.error === undefined ? '' : `: ${String(fields.error)}`}`);
  };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}
