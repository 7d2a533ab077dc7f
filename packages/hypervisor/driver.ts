import type { Disk, ExitCause, HypervisorKind, LaunchNic, ProcessIdentity, RunRecord, VmSize, VmSpec } from '@mvirt/domain';
import type { SerialInput } from '@mvirt/host';

/** What a hypervisor can do, as data: services refuse early, the UI greys a key, with the reason. null: it can. */
export type Capabilities = Record<'pause' | 'reboot' | 'hotplugDisk' | 'hotplugNic' | 'resize' | 'snapshot' | 'blockStats', string | null>;

export type LaunchRequest = {
  run: RunRecord;
  spec: VmSpec;
  /** The seed image (read-only raw disk, last), or null. */
  seedImage: string | null;
  /** Made durable by the caller before the launch goes on. */
  onSpawned: (process: ProcessIdentity) => void;
};

/** What a VMM tells, in order. */
export type VmmFact =
  | { kind: 'guest-paused' }
  | { kind: 'guest-resumed' }
  /** Two resets by the guest within a second may be told as one. */
  | { kind: 'guest-reset' }
  | { kind: 'guest-panicked' }
  /** device: the disk's path or the NIC's MAC. Told for every removal, also where detach answered 'removed'. */
  | { kind: 'device-removed'; device: string }
  /** What a VMM of another daemon has plugged in, by its own word: told once, when it first answers. */
  | { kind: 'devices-found'; disks: Disk[]; nics: FoundNic[] }
  /** What the guest has from now on. Told for every change, before resize answers; also for one that comes later. */
  | { kind: 'resized'; size: VmSize }
  | { kind: 'unresponsive' }
  | { kind: 'responsive' }
  /** The run is over and its process is gone; told exactly once, last. */
  | { kind: 'ended'; cause: ExitCause };

/** A NIC that was found and not made; its place in the VM's spec is the engine's to find out. */
export type FoundNic = Omit<LaunchNic, 'index'>;

export type BlockStats = { path: string; readBytes: number; writeBytes: number; readOperations: number; writeOperations: number };

/** removed: done. pending: the guest was asked and has not let go yet; its reset completes it. */
export type Removal = 'removed' | 'pending';

/** pending: the guest was asked to let go of vCPUs and has not yet. */
export type Resized = 'done' | 'pending';

/** One running VMM, as seen by this agent. Each call has a deadline of its own (seconds) and honours the signal. */
export interface Vmm {
  readonly process: ProcessIdentity;
  /**
   * There where the VMM itself serves its guest's serial line on a socket (its absolute path), to one client at a time; it is
   * made anew at each reset. Without: the VMM writes console.log, and openInput() is the way in.
   */
  readonly serialSocket?: string;
  /** Facts from before the listener was set are told to it first. */
  listen(listener: (fact: VmmFact) => void): void;
  /** What the VMM says now. @throws HYPERVISOR_UNRESPONSIVE */
  status(options: CallOptions): Promise<'running' | 'paused'>;
  pressPowerButton(options: CallOptions): Promise<void>;
  /** Cuts the power: the VMM ends by itself. @throws HYPERVISOR_UNRESPONSIVE, after which only a kill helps. */
  powerOff(options: CallOptions): Promise<void>;
  pause(options: CallOptions): Promise<void>;
  resume(options: CallOptions): Promise<void>;
  reset(options: CallOptions): Promise<void>;
  /** @throws DISK_ATTACHED (also while its removal is pending), FILE_NOT_FOUND, UNSUPPORTED (no free slot), HYPERVISOR_ERROR */
  attachDisk(disk: Disk, options: CallOptions): Promise<void>;
  /** @throws DISK_NOT_FOUND */
  detachDisk(path: string, options: CallOptions): Promise<Removal>;
  /** @throws NIC_ATTACHED, UNSUPPORTED (no free slot), HYPERVISOR_ERROR */
  attachNic(nic: LaunchNic, options: CallOptions): Promise<void>;
  /** @throws NIC_NOT_FOUND */
  detachNic(mac: string, options: CallOptions): Promise<Removal>;
  /**
   * Gives the guest more or fewer vCPUs, or more memory, as far as it was launched for it (maxVcpus and maxMemoryMib of its spec).
   * What was done before a failure stays, and is told.
   * @throws UNSUPPORTED (more than it was launched for; memory that shrinks), WRONG_STATE (a removal is pending), HYPERVISOR_ERROR
   */
  resize(size: Partial<VmSize>, options: CallOptions): Promise<Resized>;
  blockStats(options: CallOptions): Promise<BlockStats[]>;
  openInput(): Promise<SerialInput>;
  /** Lets go of the VMM without ending it: the agent is leaving. */
  close(): void;
}

export type CallOptions = { signal?: AbortSignal };

export type HypervisorReport = {
  kind: HypervisorKind;
  /** null: not installed. */
  version: string | null;
  program: string | null;
  usable: boolean;
  /** Not usable, and yet it runs guests, at a crawl: only a VM or an agent that names this hypervisor gets it. */
  slow?: boolean;
  /** The accelerator that guests get, such as "tcg" or "kvm". */
  accelerator: string | null;
  /** One line each, for doctor: what was tried, measured and decided. */
  notes: string[];
  hint: string | null;
};

/** Runs VMs on one hypervisor. */
export interface HypervisorDriver {
  readonly kind: HypervisorKind;
  readonly capabilities: Capabilities;
  /** Finds the program and tries its accelerators by running a guest, once; later calls answer from memory. */
  probe(options: CallOptions): Promise<HypervisorReport>;
  /** @throws UNSUPPORTED naming the field of the spec that this hypervisor cannot run here; FILE_NOT_FOUND naming the path. */
  check(spec: VmSpec): void;
  /**
   * Spawns a VMM and boots the guest; answers when its vCPUs run. On failure or abort nothing of it is left.
   * @throws START_FAILED with the hypervisor's own words.
   */
  launch(request: LaunchRequest, options: { signal: AbortSignal }): Promise<Vmm>;
  /**
   * Takes over a living VMM of an earlier agent (run.process set, identity proven by the caller), answering or not:
   * never waits longer than a second for it. Facts that happened in between are told to the listener.
   * run.foreign: another daemon started it; what it does is seen by looking at it every few seconds.
   */
  adopt(run: RunRecord & { process: ProcessIdentity }, options: { signal: AbortSignal }): Promise<Vmm>;
  /** How a run ended that ended while no agent watched; reads events, exit file and messages. */
  causeOfEnd(run: RunRecord, options: CallOptions): Promise<ExitCause>;
}
