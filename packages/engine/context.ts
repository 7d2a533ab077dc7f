import type { Clock, EventDraft, LifecycleEvent, VmId } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Vmm } from '@mvirt/hypervisor';
import type { ManagedNetworks, Network } from '@mvirt/network';
import type { Store } from '@mvirt/store';
import type { Position } from './console-hub/position.ts';
import type { DiskClaims } from './disk-claims.ts';
import type { Draining } from './drain.ts';
import type { DriverChoice } from './driver-choice.ts';
import type { Gate } from './gate.ts';
import type { ImageHolds } from './images/image-holds.ts';
import type { EngineLog } from './log.ts';
import type { NetworkKeeper } from './networks/keeper.ts';
import type { Reachable } from './reachable.ts';
import type { ConsoleStart } from './services.ts';
import type { Taps } from './taps.ts';
import type { VmFeed } from './vm-feed.ts';
import type { VmMoments } from './vm-moments.ts';

/** Where a change is noted: record inside the change's own transaction, flush once it is durable. */
export interface EventRecorder {
  record(vm: { id: string; name: string | null }, draft: EventDraft): LifecycleEvent;
  flush(): void;
}

/** Bytes of a console, and where the first of them is. */
export type Printed = { bytes: Uint8Array; at: Position };

/** What the console hub is told of a VM's runs. */
export interface RunListener {
  runStarting(vmId: VmId, run: { runId: string; runDir: string }): void;
  runStarted(vmId: VmId, vmm: Vmm): void;
  runEnded(vmId: VmId): void;
  removed(vmId: VmId): void;
  tailText(vmId: VmId, maxBytes: number): Promise<string>;
  printed(vmId: VmId, from: ConsoleStart): AsyncIterable<Printed>;
}

/** What all parts of the engine share. */
export type EngineContext = {
  store: Store;
  host: Host;
  network: Network;
  taps: Taps;
  managed: ManagedNetworks;
  networks: NetworkKeeper;
  drivers: DriverChoice;
  clock: Clock;
  log: EngineLog;
  events: EventRecorder;
  consoles: RunListener;
  feed: VmFeed;
  moments: VmMoments;
  claims: DiskClaims;
  reachable: Reachable;
  images: ImageHolds;
  /** How many VMs are launched at once. */
  launches: Gate;
  draining: Draining;
  /** Absolute. */
  dataDir: string;
  /** The bridge that the agent's own TAPs are on. */
  bridge: string;
};
