import { join } from 'node:path';
import { createEngine, createSystemClock, type Engine } from '@mvirt/engine';
import { tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { createQemuDriver } from '@mvirt/hypervisor/qemu';
import { createLinuxNetworks } from '@mvirt/network/linux';
import { createSqliteStore } from '@mvirt/store/sqlite';

/** The bridge that a real engine of a test makes: only ever in a network namespace of its own. */
export const testBridge = 'br0';

/** An engine with nothing fake in it, on QEMU. Disposing it kills and deletes its VMs. */
export async function openRealEngine(dataDir: string): Promise<AsyncDisposable & { engine: Engine }> {
  const host = createLinuxHost();
  const store = createSqliteStore({ dataDir });
  const engine = createEngine({
    store,
    host,
    ...createLinuxNetworks({
      programs: host.programs,
      system: host.system,
      host,
      bridge: testBridge,
      stateDir: join(dataDir, 'network'),
      vmmUid: host.system.rights().uid,
    }),
    drivers: [createQemuDriver({ host, dataDir, guestImage: tinyGuestPath() })],
    defaultHypervisor: 'qemu',
    dataDir,
    bridge: testBridge,
    clock: createSystemClock(),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  await engine.recover();
  return {
    engine,
    async [Symbol.asyncDispose]() {
      for (const { id } of engine.vms.list()) {
        await engine.vms.kill(id, {});
        await engine.vms.delete(id, {});
      }
      await engine.close();
      store.close();
    },
  };
}
