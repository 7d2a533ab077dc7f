import { resolve } from 'node:path';
import { type Clock, type HypervisorChoice, toMvirtError, type VmId } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { HypervisorDriver } from '@mvirt/hypervisor';
import type { ManagedNetworks, Network } from '@mvirt/network';
import type { Store, StoredVm } from '@mvirt/store';
import { boundLogs } from './bound-logs.ts';
import { createConsoleHub } from './console-hub/console-hub.ts';
import type { EngineContext } from './context.ts';
import { createDiskClaims } from './disk-claims.ts';
import { diskRemoved } from './disk-plug.ts';
import { createDraining } from './drain.ts';
import { createDriverChoice } from './driver-choice.ts';
import { createEventLog } from './event-log.ts';
import { devicesFound } from './foreign-devices.ts';
import { createGate } from './gate.ts';
import { createHostService } from './host-service.ts';
import { createImageHolds } from './images/image-holds.ts';
import { createImageService } from './images/image-service.ts';
import type { EngineLog } from './log.ts';
import { createLogBounds } from './log-bounds.ts';
import { createLogService } from './log-service.ts';
import { createAddressWatch } from './networks/address-watch.ts';
import { createNetworkKeeper } from './networks/keeper.ts';
import { createNetworkService } from './networks/network-service.ts';
import { nicRemoved } from './nic-plug.ts';
import { createReachable } from './reachable.ts';
import { createReconciler } from './reconciler.ts';
import { recover } from './recovery.ts';
import type { Services } from './services.ts';
import { createHostKeys } from './ssh/host-keys.ts';
import { createSshService } from './ssh/ssh-service.ts';
import { startOwed } from './start-owed.ts';
import { createSupervisors, type Supervisors } from './supervisors.ts';
import { createTaps } from './taps.ts';
import { restartVm } from './vm-actions.ts';
import { createVmFeed } from './vm-feed.ts';
import { sharedLog } from './vm-log/shared-log.ts';
import { createVmMoments, watchMilestones } from './vm-moments.ts';
import { sizeChanged } from './vm-resize.ts';
import { createVmService } from './vm-service.ts';
import { snapshotOf } from './vm-snapshot.ts';

export type EngineDeps = {
  store: Store;
  host: Host;
  network: Network;
  managed: ManagedNetworks;
  /** In order of preference. */
  drivers: readonly HypervisorDriver[];
  /** What `auto` means to this agent; `auto`: the first usable one. */
  defaultHypervisor: HypervisorChoice;
  dataDir: string;
  /** The bridge that the network adapter puts TAPs on; shown with each NIC. */
  bridge: string;
  clock: Clock;
  log: EngineLog;
  /** A plain file that the agent's own log goes to: it is kept within its bound. */
  ownLog?: string | null;
};

export type Engine = Services & {
  /** Before the first call: adopts, settles and finishes what an earlier agent left. */
  recover(): Promise<void>;
  /** VMs run on. Waits for what is under way, at most closeMs. The store is the caller's to close, after this. */
  close(): Promise<void>;
};

/** Launches at once; more than a host's CPUs make none of them faster. */
const launchesAtOnce = 8;
const closeMs = 5_000;

export function createEngine(deps: EngineDeps): Engine {
  const { store, host, network, managed, clock, bridge } = deps;
  const dataDir = resolve(deps.dataDir);
  const events = createEventLog({ store, clock });
  const logs = createLogService({ store, events, host, clock, dataDir });
  const log = sharedLog(deps.log, logs);
  const consoles = createConsoleHub({ store, host, clock, dataDir, log, events });
  const moments = createVmMoments();
  const context: EngineContext = {
    store,
    host,
    network,
    taps: createTaps(network),
    managed,
    networks: createNetworkKeeper({ store, managed, clock, log }),
    clock,
    log,
    bridge,
    dataDir,
    events,
    consoles,
    drivers: createDriverChoice({ drivers: deps.drivers, preferred: deps.defaultHypervisor }),
    feed: createVmFeed((error) => log.error('a listener to changes failed', { error: String(error) })),
    moments,
    claims: createDiskClaims({ store, dataDir }),
    reachable: createReachable(host.programs),
    images: createImageHolds(),
    launches: createGate(launchesAtOnce),
    draining: createDraining(),
  };
  const supervisors: Supervisors = createSupervisors(context, {
    deviceRemoved: (id, device) => deviceRemoved(context, id, device),
    devicesFound: (id, found) => void devicesFound(context, id, found).catch((thrown) => notKept(context, id, thrown)),
    restart: (id) => restartVm(context, supervisors.of(id), id),
    resized: (id, size) => sizeChanged(context, id, size),
  });
  const reconciler = createReconciler(context, supervisors);
  const bounds = createLogBounds({ files: host.files, clock, log, logs: (which) => boundLogs(context, deps.ownLog ?? null, which) });
  const milestones = { events, moments, snapshot: (vm: StoredVm) => snapshotOf(context, vm), find: (id: VmId) => store.vms.get(id) };
  const networks = createNetworkService(context);
  const images = createImageService(context);
  const addresses = createAddressWatch(context, managed);
  const hostKeys = createHostKeys(context);
  return {
    vms: createVmService(context, supervisors, networks),
    networks,
    ssh: createSshService(context, hostKeys),
    images,
    host: createHostService(context),
    events: { ...events, milestones: (options) => watchMilestones(milestones, options) },
    logs,
    consoles,
    async recover() {
      await recover(context, supervisors);
      context.networks.start();
      addresses.start();
      hostKeys.start();
      startOwed(context, supervisors);
      reconciler.begin();
      bounds.begin();
      consoles.begin();
    },
    async close() {
      reconciler.end();
      bounds.end();
      await Promise.all([supervisors.close(closeMs), context.networks.close(), addresses.close(), hostKeys.close(), images.close()]);
      await consoles.close();
      logs.close();
      events.close();
    },
  };
}

function notKept({ log }: EngineContext, id: VmId, thrown: unknown): void {
  log.error('the devices that its VMM has could not be noted', { vm: id, error: toMvirtError(thrown).message });
}

function deviceRemoved(context: EngineContext, id: VmId, device: string): void {
  const failed = (thrown: unknown) =>
    context.log.error('the removal of a device could not be completed', { vm: id, device, error: toMvirtError(thrown).message });
  try {
    diskRemoved(context, id, device);
    nicRemoved(context, id, device).catch(failed);
  } catch (thrown) {
    failed(thrown);
  }
}
