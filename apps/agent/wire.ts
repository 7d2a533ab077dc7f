import { join } from 'node:path';
import { createEngine, createSystemClock, type Services } from '@mvirt/engine';
import { tinyGuestPath } from '@mvirt/guests';
import type { Host } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import type { HypervisorDriver } from '@mvirt/hypervisor';
import { createCloudHypervisorDriver } from '@mvirt/hypervisor/cloud-hypervisor';
import { createQemuDriver } from '@mvirt/hypervisor/qemu';
import type { ManagedNetworks, Network } from '@mvirt/network';
import { createLinuxNetworks } from '@mvirt/network/linux';
import { createSqliteStore, databaseFile, glanceAtStore } from '@mvirt/store/sqlite';
import type { AgentConfig } from './config.ts';
import { type AgentLog, ownLogFile } from './logger.ts';

// The one place of the agent that names concrete adapters.

export { databaseFile, glanceAtStore };

export const wireHost = (): Host => createLinuxHost();

/** stateDir: where the servers of networks keep their files. */
export function wireNetworks(host: Host, { bridge, stateDir }: { bridge: string; stateDir: string }): { network: Network; managed: ManagedNetworks } {
  return createLinuxNetworks({ programs: host.programs, system: host.system, host, bridge, stateDir, vmmUid: host.system.rights().uid });
}

/** What an agent's start does to a database, without an agent: rows of VMs that are gone are removed. The caller holds the data directory. */
export const tidyStore = (dataDir: string): void => createSqliteStore({ dataDir }).close();

/** In order of preference. dataDir null: nothing is kept, for a look at the host without an agent. */
export function wireDrivers(host: Host, { dataDir, guestFolder, log }: { dataDir: string | null; guestFolder: string; log?: AgentLog }): HypervisorDriver[] {
  const guestImage = tinyGuestPath(guestFolder);
  const deps = { host, dataDir, guestImage };
  if (log === undefined) return [createCloudHypervisorDriver(deps), createQemuDriver(deps)];
  const say = ({ vmId, ...fields }: Record<string, unknown>) => ({ ...fields, ...(typeof vmId === 'string' ? { vm: vmId } : {}) });
  const driverLog = {
    info: (fields: Record<string, unknown>, message: string) => log.info(message, say(fields)),
    warn: (fields: Record<string, unknown>, message: string) => log.warn(message, say(fields)),
  };
  return [createCloudHypervisorDriver({ ...deps, log: driverLog }), createQemuDriver({ ...deps, log: driverLog })];
}

/** close: VMs run on. */
export type Wired = { services: Services; close(): Promise<void> };

/** Everything behind the door, with what an earlier agent left adopted or settled. */
export async function wireServices({ config, host, log }: { config: AgentConfig; host: Host; log: AgentLog }): Promise<Wired> {
  const { dataDir, bridge } = config;
  const { network, managed } = wireNetworks(host, { bridge, stateDir: join(dataDir, 'network') });
  const { reason } = network.rights();
  if (reason !== null) log.warn(`VMs can have no NIC of the agent's: ${reason}`);
  const store = createSqliteStore({ dataDir });
  try {
    const drivers = wireDrivers(host, { dataDir, guestFolder: join(dataDir, 'guests'), log });
    const engine = createEngine({
      store,
      host,
      network,
      managed,
      drivers,
      defaultHypervisor: config.hypervisor,
      dataDir,
      bridge,
      clock: createSystemClock(),
      log,
      ownLog: ownLogFile(),
    });
    const close = async () => {
      await engine.close();
      store.close();
    };
    try {
      await engine.recover();
    } catch (error) {
      await engine.close();
      throw error;
    }
    return { services: engine, close };
  } catch (error) {
    store.close();
    throw error;
  }
}
