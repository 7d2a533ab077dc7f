import type { EventDraft, ImageSpec, LifecycleEvent, NetworkSpec, RunRecord, VmCondition, VmId, VmSpec } from '@mvirt/domain';

/** A VM as it is kept. */
export type StoredVm = {
  id: VmId;
  name: string | null;
  spec: VmSpec;
  /** Keys of config_json that we do not know; written back as they were. */
  unknownKeys: Record<string, unknown>;
  condition: VmCondition;
  /** Changes that wait for the next start: the spec that the next launch uses; null: none. */
  pendingSpec: VmSpec | null;
  createdAtMs: number;
  /** Set when the VM becomes running, kept after it stops. */
  startedAtMs: number | null;
  /** When the last run ended; null before the first end. */
  endedAtMs: number | null;
  /** The current or the last run; null before the first. */
  run: StoredRun | null;
  /** Counts up at each change of this VM. */
  revision: number;
};

/** A run and what belongs to it on the host. live: not settled yet (a VMM may exist). */
export type StoredRun = RunRecord & {
  live: boolean;
  startedAtMs: number;
  /** By MAC, what NICs on networks were seen to have in this run. */
  addresses?: Record<string, string[]>;
  /** By address, the ends of leases that are of earlier runs: a guest has that address only once it asked again. */
  oldLeases?: Record<string, number>;
};

/** A network that the agent makes. */
export type StoredNetwork = NetworkSpec & { createdAtMs: number };

/** An image that the agent keeps. */
export type StoredImage = ImageSpec & { createdAtMs: number };

/** One console log's life: see the console hub. */
export type ConsoleLog = {
  vmId: VmId;
  logId: string;
  inode: number;
  /** First offset that may be read; stored before a hole is punched. */
  keptFrom: number;
  /** The size last seen, to notice a truncated file. */
  knownSize: number;
  /** Where each run began, oldest first. */
  runs: { runId: string; offset: number; atMs: number }[];
  /** Sparse index offset → time, oldest first, bounded. */
  times: { offset: number; atMs: number }[];
};

/** An SSH server's public key, as known_hosts has it: the algorithm's name and the key in base64. */
export type HostKey = { type: string; key: string };

/** The host keys that a VM's guest is held to; none: they were forgotten. */
export type PinnedHostKeys = {
  keys: HostKey[];
  /** The console's cursor behind what printed them: what lies before it counts no more. */
  cursor: string;
  atMs: number;
};

/** Durable when a call returns. Calls are synchronous. @throws STORE_ERROR, DISK_FULL */
export interface Store {
  vms: VmTable;
  events: EventTable;
  consoles: ConsoleTable;
  notes: NoteTable;
  networks: NetworkTable;
  images: ImageTable;
  hostKeys: HostKeyTable;
  /**
   * Keeps room inside the store itself for what must not fail on a full disk: the end of a VM, a stop, a kill. Never throws; to be called again and
   * again, because what is stored takes of it.
   */
  keepReserve(): void;
  /** All or nothing; may be nested. */
  transact<T>(work: () => T): T;
  close(): void;
}

export interface VmTable {
  /** Newest first (created_at, then insertion). */
  list(): StoredVm[];
  /** The same VMs, without what takes time to read: to find one of many. */
  names(): Pick<StoredVm, 'id' | 'name'>[];
  /** Those that are not stopped. */
  live(): VmId[];
  get(id: string): StoredVm | null;
  findByName(name: string): StoredVm[];
  /** @throws ID_TAKEN */
  insert(vm: Omit<StoredVm, 'revision'>): StoredVm;
  /** Changes the given fields and raises the revision. @throws VM_NOT_FOUND */
  update(id: string, change: Partial<Omit<StoredVm, 'id' | 'revision' | 'createdAtMs'>>): StoredVm;
  remove(id: string): void;
}

export interface EventTable {
  /** Gives the next sequence number, which is never used twice, also not after events were dropped or rolled back rows. */
  append(vm: { id: string; name: string | null }, draft: EventDraft, atMs: number): LifecycleEvent;
  /** Events with seq > since, oldest first, at most `limit`. */
  since(seq: number, options: { limit: number; vmId?: string }): LifecycleEvent[];
  /** The last `limit` events, oldest first. */
  last(options: { limit: number; vmId?: string }): LifecycleEvent[];
  /** The last sequence number given; 0 before the first. */
  lastSeq(): number;
  /**
   * Drops the oldest: those that more than `keep` newer ones follow, and those of before `atMs` that `spare` newer ones follow. Answers with the number
   * dropped. What comes after one that stays, stays.
   */
  prune(bounds: { keep: number; aged: { atMs: number; spare: number } | null }): number;
  /** Up to this number events were dropped; 0: none was. */
  droppedTo(): number;
}

/** boot-id: of the host's boot that the last agent saw. events-dropped-to: the last event that was dropped. */
export type NoteName = 'boot-id' | 'events-dropped-to';

/** Single facts that an agent keeps for the next one. */
export interface NoteTable {
  get(name: NoteName): string | null;
  put(name: NoteName, value: string): void;
}

export interface NetworkTable {
  /** By name. */
  list(): StoredNetwork[];
  get(name: string): StoredNetwork | null;
  /** @throws NAME_TAKEN */
  insert(network: StoredNetwork): void;
  remove(name: string): void;
}

export interface ImageTable {
  /** By name. */
  list(): StoredImage[];
  get(name: string): StoredImage | null;
  /** @throws NAME_TAKEN */
  insert(image: StoredImage): void;
  remove(name: string): void;
}

/** Rows go with their VM's. */
export interface HostKeyTable {
  get(vmId: string): PinnedHostKeys | null;
  put(vmId: string, pinned: PinnedHostKeys): void;
  remove(vmId: string): void;
}

export interface ConsoleTable {
  get(vmId: string): ConsoleLog | null;
  put(log: ConsoleLog): void;
  remove(vmId: string): void;
}
