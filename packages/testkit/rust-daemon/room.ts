import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asVmId, type VmId } from '@mvirt/domain';
import { createEngine, createSystemClock, type Engine } from '@mvirt/engine';
import { tinyGuestPath } from '@mvirt/guests';
import type { Host } from '@mvirt/host';
import { createCloudHypervisorDriver } from '@mvirt/hypervisor/cloud-hypervisor';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { asRustDaemon, insertRuntime, insertVm, latestRelease, type RustVm } from '@mvirt/store/testing/rust-daemon';
import { createFakeManagedNetworks } from '../fake-managed-networks.ts';
import { createFakeNetwork, type FakeNetwork } from '../fake-network.ts';
import { watchLeaks } from '../leak-check.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';
import { type RustVmm, startRustVmm } from './vmm.ts';

/** cloud-hypervisor, or what stands in for it. */
export type RustBench = {
  name: string;
  missing: string | null;
  host(dir: string): Host;
  kvm?: () => string | null;
};

/** An agent without its doors, on a data directory that the Rust daemon has left. */
export type RoomAgent = AsyncDisposable & {
  readonly engine: Engine;
  readonly log: string[];
  /** Types, and waits for words in the console that follow. */
  shows(words: string, times?: number, timeoutMs?: number): Promise<void>;
  type(text: string): Promise<void>;
  /** The last cause of an end. */
  cause(): string | undefined;
  events(): string[];
};

export type RustRoom = AsyncDisposable & {
  readonly dir: TempDir;
  readonly dataDir: string;
  readonly runDir: string;
  readonly host: Host;
  readonly network: FakeNetwork;
  readonly id: VmId;
  /** Writes the daemon's database: its tables, and one VM, running as that process. */
  leave(options: { tables?: string; pid: number; vm?: Partial<RustVm>; config?: Record<string, unknown>; serial?: string }): void;
  start(config?: Record<string, unknown>): Promise<RustVmm>;
  agent(): Promise<RoomAgent>;
  console(): string;
  disk(name: string): string;
};

export const rustVmId = '6f1c2a34-5b67-4c89-9d01-23456789abcd';

export const rustConfig = {
  vcpus: 1,
  memory_mb: 64,
  kernel: tinyGuestPath(),
  initramfs: null,
  cmdline: null,
  disks: [],
  nics: [],
  user_data: null,
};

export function openRustRoom(bench: RustBench): RustRoom {
  const dir = tempDir('rust');
  const dataDir = dir.join('data');
  const runDir = join(dataDir, 'vm', rustVmId);
  const leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const host = bench.host(dir.path);
  const network = createFakeNetwork();
  const id = asVmId(rustVmId);
  const started: RustVmm[] = [];
  const console = (): string => (existsSync(join(runDir, 'console.log')) ? readFileSync(join(runDir, 'console.log'), 'latin1') : '');

  const agent = async (): Promise<RoomAgent> => {
    const log: string[] = [];
    const say = (message: string, fields?: object) => void log.push(`${message} ${JSON.stringify(fields ?? {})}`);
    const store = createSqliteStore({ dataDir });
    const driver = createCloudHypervisorDriver({ host, dataDir, guestImage: tinyGuestPath(), ...(bench.kvm ? { kvm: bench.kvm } : {}) });
    const engine = createEngine({
      store,
      host,
      network,
      managed: createFakeManagedNetworks(),
      drivers: [driver],
      defaultHypervisor: 'cloud-hypervisor',
      dataDir,
      bridge: 'br0',
      clock: createSystemClock(),
      log: { info: () => {}, warn: say, error: say },
    });
    await engine.recover();
    return {
      engine,
      log,
      async shows(words, times = 1, timeoutMs = 15_000) {
        await waitFor(`"${words}" in the console (${JSON.stringify(console().slice(-200))})`, () => console().split(words).length > times, { timeoutMs });
      },
      type: (text) => engine.consoles.write(id, Buffer.from(text), {}),
      cause: () => engine.vms.get(id).condition.cause?.kind,
      events: () => engine.events.read({ since: null, vmId: id, limit: 100 }).map((event) => event.type),
      async [Symbol.asyncDispose]() {
        await engine.close();
        store.close();
      },
    };
  };

  return {
    dir,
    dataDir,
    runDir,
    host,
    network,
    id,
    agent,
    console,
    leave({ tables = latestRelease, pid, vm = {}, config = {}, serial }) {
      const row: RustVm = {
        id: rustVmId,
        name: 'web',
        state: 'running',
        config_json: JSON.stringify({ ...rustConfig, ...config }),
        created_at: 1_700_000_000,
        started_at: null,
      };
      asRustDaemon(dataDir, (db) => {
        db.exec(tables);
        insertVm(db, { ...row, started_at: Math.floor(Date.now() / 1000), ...vm });
        insertRuntime(db, rustVmId, pid, runDir, serial);
      });
    },
    async start(config) {
      const program = host.programs.find('cloud-hypervisor');
      if (program === null) throw new Error('there is no cloud-hypervisor');
      const vmm = await startRustVmm({ host, program, runDir, ...(config ? { config } : {}) });
      started.push(vmm);
      return vmm;
    },
    disk(name) {
      writeFileSync(dir.join(name), Buffer.alloc(1024 * 1024));
      return dir.join(name);
    },
    async [Symbol.asyncDispose]() {
      for (const vmm of started) await vmm[Symbol.asyncDispose]();
      await leaks.check();
      dir[Symbol.dispose]();
    },
  };
}
