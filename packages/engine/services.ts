import type { Duplex } from 'node:stream';
import type {
  ContractCreate,
  CreateInput,
  CreateNetworkInput,
  ExitCause,
  HypervisorKind,
  ImportImageInput,
  LifecycleEvent,
  MvirtError,
  RestartPolicy,
  VmCondition,
  VmId,
  VmSpec,
} from '@mvirt/domain';
import type { SystemFigures } from '@mvirt/host';
import type { BlockStats, Capabilities, HypervisorReport } from '@mvirt/hypervisor';
import type { NetworkStep } from '@mvirt/network';
import type { HostKey, StoredImage, StoredNetwork } from '@mvirt/store';
import type { SystemInventory } from './system-inventory.ts';

/** What a door is told of a VM. */
export type VmSnapshot = {
  id: VmId;
  name: string | null;
  /** What the running guest has, or the next start will use where it is stopped. */
  spec: VmSpec;
  /** What the next start changes; null: nothing. */
  pendingSpec: VmSpec | null;
  condition: VmCondition;
  /** The hypervisor of the run, or the one that a start would use; null: none usable here. */
  hypervisor: HypervisorKind | null;
  /** Why an action cannot be had on this VM's hypervisor, by capability; null: it can. */
  capabilities: Capabilities;
  pid: number | null;
  /**
   * tap null: none now. network: a network's name or `bridge:NAME`, null for a client's own TAP. kept: what its network keeps
   * for it; addresses: what its guest has.
   */
  nics: { mac: string; tap: string | null; network: string | null; kept: string[]; addresses: string[] }[];
  createdAtMs: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  revision: number;
};

export type VmAction = 'start' | 'stop' | 'kill' | 'reboot' | 'pause' | 'resume' | 'delete' | 'attach-disk' | 'detach-disk' | 'attach-nic' | 'detach-nic';

/** changed false: an idempotent command found nothing to do. note: such as "removal pending: the guest has not let go of the disk". */
export type ActionResult = { vm: VmSnapshot; changed: boolean; note: string | null };

/** What became of a deleted VM's disks, by path: its own goes with it, all others are somebody's and stay. */
export type DeleteResult = ActionResult & { disks: { removed: string[]; kept: string[] } };

/** network: a network's name or `bridge:NAME`; none: the agent's own bridge. ips: what the network is to keep for the NIC. */
export type NicAttachment = { tap?: string; mac?: string; network?: string; ips?: string[] };

/** ip: a NIC has an address. ssh: an SSH server answers at one. */
export const waitConditions = ['running', 'stopped', 'ip', 'ssh'] as const;
export type WaitCondition = (typeof waitConditions)[number];

export type WaitOptions = { signal?: AbortSignal };

/** What a running VM cannot take at once takes effect at its next start, and is pending until then. */
export type VmChange = {
  name?: string;
  vcpus?: number;
  memoryMib?: number;
  /** How many vCPUs, and how much memory, it may be given while it runs; null: what it is started with. */
  maxVcpus?: number | null;
  maxMemoryMib?: number | null;
  cmdline?: string | null;
  userData?: string | null;
  /** null removes a label. */
  labels?: Record<string, string | null>;
  restart?: RestartPolicy;
  /** null: not at a boot of the host. */
  autostart?: { order?: number | undefined; delayMs?: number | undefined } | null;
};

/** What a drain did to one VM; error null: it is off. */
export type DrainOutcome = { vm: VmSnapshot; error: MvirtError | null };

/** All methods throw VM_NOT_FOUND for an id that names no VM. Waits end by their own deadline or the signal, which undoes nothing but an attach. */
export interface VmService {
  list(): VmSnapshot[];
  get(id: VmId): VmSnapshot;
  /**
   * A full id, then an exact name, then a unique id prefix of 4 or more characters.
   * careful: a name that is also another VM's prefix is ambiguous too (delete, kill). @throws VM_NOT_FOUND, AMBIGUOUS_VM listing the candidates.
   */
  resolve(reference: string, options: { careful: boolean }): VmId;
  /**
   * Durable when it answers, its own disk included, which the signal undoes while it is being made. Files that are not there yet are
   * warnings: the start wants them. @throws INVALID_ARGUMENT, NAME_TAKEN, ID_TAKEN, UNSUPPORTED, IMAGE_NOT_FOUND, DISK_FULL
   */
  create(input: CreateInput, options?: WaitOptions): Promise<{ vm: VmSnapshot; warnings: string[] }>;
  /** The same for all that the wire contract can say; what this host cannot run is refused at the start. @throws INVALID_ARGUMENT, ID_TAKEN */
  createFromContract(input: ContractCreate): Promise<{ vm: VmSnapshot; warnings: string[] }>;
  /** note: why a running VM did not take its new size at once; null where it did, or none was asked for. @throws INVALID_ARGUMENT, NAME_TAKEN */
  set(id: VmId, change: VmChange, options?: WaitOptions): Promise<{ vm: VmSnapshot; warnings: string[]; note: string | null }>;
  /** Answers once the VM runs. @throws START_FAILED, DISK_IN_USE, FILE_NOT_FOUND, UNSUPPORTED, HYPERVISOR_MISSING, WRONG_STATE */
  start(id: VmId, options: WaitOptions): Promise<ActionResult>;
  /** Answers once the VM is stopped. graceMs null: no limit. */
  stop(id: VmId, options: WaitOptions & { graceMs: number | null }): Promise<ActionResult>;
  kill(id: VmId, options: WaitOptions): Promise<ActionResult>;
  /**
   * The host goes down: all VMs that are up are stopped gracefully, at once and within one deadline, and are wanted back after its boot.
   * Answers once they are off; meanwhile no VM is started. graceMs null: no limit.
   */
  drain(options: WaitOptions & { graceMs: number | null }): Promise<DrainOutcome[]>;
  reboot(id: VmId, options: WaitOptions): Promise<ActionResult>;
  pause(id: VmId, options: WaitOptions): Promise<ActionResult>;
  resume(id: VmId, options: WaitOptions): Promise<ActionResult>;
  delete(id: VmId, options: WaitOptions): Promise<DeleteResult>;
  /** A running VM gets it at once, a stopped one at its next start; kept in the spec either way. Undone where the caller leaves before the answer, as attachNic. */
  attachDisk(id: VmId, disk: { path: string; readonly: boolean; format?: 'raw' | 'qcow2' }, options: WaitOptions): Promise<ActionResult>;
  detachDisk(id: VmId, path: string, options: WaitOptions): Promise<ActionResult>;
  attachNic(id: VmId, nic: NicAttachment, options: WaitOptions): Promise<ActionResult>;
  detachNic(id: VmId, mac: string, options: WaitOptions): Promise<ActionResult>;
  /** Answers once the VM is in that state, or can be reached so. @throws TIMEOUT, VM_NOT_FOUND where it is deleted meanwhile, WRONG_STATE */
  wait(id: VmId, condition: WaitCondition, options: WaitOptions & { timeoutMs: number | null }): Promise<VmSnapshot>;
  /** First all VMs, then each change, coalesced per VM for a slow reader (bounded by the number of VMs). */
  watch(options: { signal: AbortSignal }): AsyncIterable<VmChangeNotice>;
  blockStats(id: VmId, options: WaitOptions): Promise<BlockStats[]>;
}

export type VmChangeNotice = { kind: 'snapshot'; vms: VmSnapshot[] } | { kind: 'changed'; vm: VmSnapshot } | { kind: 'removed'; id: VmId };

export interface EventService {
  /** Stored events with seq > since (null: from now on), then live ones as they are stored; none missing, none twice. */
  watch(options: { since: number | null; vmId?: VmId; signal: AbortSignal }): AsyncIterable<LifecycleEvent>;
  /** Oldest first. since null: the last `limit` ones. */
  read(options: { since: number | null; vmId?: VmId; limit: number }): LifecycleEvent[];
  lastSeq(): number;
  /** Events up to this number are kept no longer; 0: all are. */
  droppedTo(): number;
  /** What the wire contract tells of, from the moment of the call; one that vmId does not name is left out. Ends with the signal alone. */
  milestones(options: { vmId?: VmId; signal: AbortSignal }): AsyncIterable<VmMilestone>;
}

/** vm: as it was then; a reader that fell far behind is told of it as it is now, null where it is gone. */
export type VmMilestone = { kind: 'created' | 'started' | 'stopped' | 'deleted'; vmId: VmId; atMs: number; vm: VmSnapshot | null };

export type LogSource = 'event' | 'agent' | 'hypervisor';

/** atMs null: a line of the hypervisor's from before it was watched. */
export type LogLine = { atMs: number | null; source: LogSource; level: 'info' | 'warning' | 'error'; text: string };

/** What happened to a VM, for people: lifecycle events, the agent's messages about it, the hypervisor's own output. */
export interface LogService {
  read(id: VmId, options: { sinceMs: number | null; limit: number }): LogLine[];
  /** The last `tail` lines, then live ones. */
  watch(id: VmId, options: { sinceMs: number | null; tail: number; signal: AbortSignal }): AsyncIterable<LogLine>;
}

/** Where an attachment begins. A cursor is `<logId>:<offset>`. */
export type ConsoleStart =
  | { kind: 'cursor'; cursor: string }
  | { kind: 'all' }
  | { kind: 'tail'; bytes: number }
  | { kind: 'lines'; lines: number }
  | { kind: 'live' }
  | { kind: 'since'; atMs: number };

/** In order. cursor: where the stream goes on after this message. */
export type ConsoleMessage =
  | { kind: 'data'; bytes: Uint8Array; cursor: string }
  /** The log below was dropped (retention) or replaced: lostBytes where it can be told. */
  | { kind: 'resync'; cursor: string; lostBytes: number | null; reason: 'dropped' | 'replaced' }
  /** All history was sent; what follows is live. Sent once. */
  | { kind: 'live'; cursor: string }
  /** The VM's run began or ended (told after its last byte); a run that is over already is told right after `live`. The stream goes on with the next run. */
  | { kind: 'run'; running: boolean; cursor: string };

export interface ConsoleService {
  /** Also for a stopped VM (history, then waits). Each attachment is bounded: a slow one goes on from the file. */
  attach(id: VmId, options: { from: ConsoleStart; signal: AbortSignal }): AsyncIterable<ConsoleMessage>;
  /**
   * answering: a terminal's answer, with the cursor behind the guest's question; of those to one question the first is typed, the others are not.
   * @throws WRONG_STATE (not running), CONSOLE_READ_ONLY, TOO_MANY
   */
  write(id: VmId, bytes: Uint8Array, options: WaitOptions & { answering?: string }): Promise<void>;
}

export type VmUsage = { id: VmId /** Of one CPU; null until two figures were taken. */; cpuPercent: number | null; rssBytes: number };

/** whole: figures has every running VM, and no other runs. Else those alone that changed, by whole percents or MiB. */
export type UsageReading = { reading: number; whole: boolean; figures: VmUsage[] };

export interface HostService {
  /** allocated: of the running VMs. */
  info(): { figures: SystemFigures; allocatedCpus: number; allocatedMemoryBytes: number; running: number; vms: number };
  /** The same and the machine's parts. Read at most once a second, whoever asks. */
  systemInfo(): Promise<SystemInventory>;
  /** Running VMs only. Figures are taken at most once a second, whoever asks. since: the reading that is known already; null: none. */
  usage(options: { since: number | null }): UsageReading;
  hypervisors(options: WaitOptions): Promise<HypervisorReport[]>;
  /** Entries of a folder on the agent's host, for file pickers; at most 1,000. @throws FILE_NOT_FOUND, DENIED */
  listFolder(path: string): Promise<{ name: string; kind: 'file' | 'folder'; sizeBytes: number }[]>;
}

/** What a door is told of a network. */
export type NetworkSnapshot = StoredNetwork & {
  bridge: string;
  domain: string;
  /** The host's own addresses on it. */
  gateways: string[];
  nics: { vmId: VmId; vmName: string | null; mac: string; kept: string[]; addresses: string[] }[];
  /** null: its server does not run. */
  serverPid: number | null;
  /** What could not be mended on the host; null: nothing known. */
  fault: string | null;
};

/** dryRun: nothing is changed, and the steps are those that would be taken. */
export type NetworkChangeOptions = WaitOptions & { dryRun: boolean };

export interface NetworkService {
  list(): NetworkSnapshot[];
  /** @throws NETWORK_NOT_FOUND */
  get(name: string): NetworkSnapshot;
  /** On the host when it answers, undone where that fails. @throws INVALID_ARGUMENT, NAME_TAKEN, ADDRESS_TAKEN, UNSUPPORTED, PROGRAM_MISSING, NETWORK_ERROR */
  create(input: CreateNetworkInput, options: NetworkChangeOptions): Promise<{ network: NetworkSnapshot; steps: NetworkStep[] }>;
  /** @throws NETWORK_NOT_FOUND, NETWORK_IN_USE naming the VMs, NETWORK_ERROR */
  remove(name: string, options: NetworkChangeOptions): Promise<{ network: NetworkSnapshot; steps: NetworkStep[] }>;
}

/** How an SSH client reaches a guest. user: its image's usual one; hostKeys null: it has printed none, and may still do so within keysDueMs. */
export type SshTarget = { vmId: VmId; vmName: string | null; address: string; user: string | null; hostKeys: HostKey[] | null; keysDueMs: number };

export interface SshService {
  /** keysWithinMs: how long host keys are waited for that are due. @throws VM_NOT_FOUND, WRONG_STATE where no SSH server answers at any of its addresses */
  target(id: VmId, options: WaitOptions & { keysWithinMs: number }): Promise<SshTarget>;
  /** What is kept of its host keys counts no more; answers with what the guest printed last, where that is something else. */
  forgetHostKeys(id: VmId): Promise<HostKey[] | null>;
  /** A connection to its SSH server, made by the agent. @throws as target() */
  connect(id: VmId, options: WaitOptions): Promise<Duplex>;
}

/** What a door is told of an image. diskBytes: what its file takes; null: it is not there. usedBy: VMs that it must stay for. */
export type ImageSnapshot = StoredImage & { path: string; diskBytes: number | null; usedBy: { vmId: VmId; vmName: string | null }[] };

/** An import that was begun. offset: where its bytes go on, being the source's as `validator` names it; 0 and null: from the beginning. */
export type ImportBegun = { id: string; offset: number; validator: string | null };

/**
 * Disk images that the agent keeps. Bytes are brought by the client, who may read them; an import of which nothing is heard for a minute
 * is given up. Every call on one @throws WRONG_STATE where the agent does not know it (any more), DISK_FULL, STORE_ERROR.
 */
export interface ImageService {
  list(): ImageSnapshot[];
  /** @throws IMAGE_NOT_FOUND */
  get(name: string): ImageSnapshot;
  /** @throws IMAGE_NOT_FOUND, IMAGE_IN_USE naming the VMs */
  remove(name: string): Promise<ImageSnapshot>;
  /** @throws INVALID_ARGUMENT, NAME_TAKEN, TOO_MANY */
  beginImport(input: ImportImageInput): Promise<ImportBegun>;
  /** What comes now is of this version of the source; offset: 0, or where the import is. */
  followImport(id: string, options: { offset: number; validator: string | null }): Promise<void>;
  /** Bytes, then zeros. Answers with where the import is. An empty one is a sign of life. */
  writeImport(id: string, piece: { offset: number; bytes: Uint8Array; zeros: number }): Promise<number>;
  /** Checks, unpacks and stores what came. @throws IMAGE_REFUSED, PROGRAM_MISSING */
  finishImport(id: string, options: WaitOptions): Promise<ImageSnapshot>;
  /** What can be gone on with stays. */
  cancelImport(id: string): Promise<void>;
}

/** What the doors call: tRPC now, gRPC beside it. */
export interface Services {
  vms: VmService;
  events: EventService;
  logs: LogService;
  consoles: ConsoleService;
  host: HostService;
  networks: NetworkService;
  ssh: SshService;
  images: ImageService;
}

export type { BlockStats, Capabilities, ExitCause, HostKey, HypervisorReport, SystemInventory };
