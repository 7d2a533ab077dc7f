import type { CreateInput, DiskFormat } from '@mvirt/domain';
import type { ActionDocument, ConsoleStartInput, EventDocument, FollowedEvent, VmDocument } from '../schema/index.ts';

export type Call = { signal: AbortSignal };

/**
 * What a command asks of an agent that may be behind either door: its own socket, or gRPC, which can tell less.
 * A VM is named by its id, its name or the id's first characters. All of it throws MvirtError or what toCliError knows.
 */
export type VmClient = {
  /** Null: it answers, and has no way to say. */
  version(call: Call): Promise<string | null>;
  list(call: Call): Promise<VmDocument[]>;
  get(vm: string, call: Call): Promise<VmDocument>;
  create(input: CreateInput, call: Call): Promise<{ vm: VmDocument; warnings: string[] }>;
  start(vm: string, call: Call): Promise<ActionDocument>;
  /** graceMs null: without limit. */
  stop(vm: string, graceMs: number | null, call: Call): Promise<ActionDocument>;
  kill(vm: string, call: Call): Promise<ActionDocument>;
  delete(vm: string, call: Call): Promise<ActionDocument>;
  attachDisk(vm: string, disk: { path: string; readonly: boolean; format?: DiskFormat }, call: Call): Promise<ActionDocument>;
  detachDisk(vm: string, path: string, call: Call): Promise<ActionDocument>;
  attachNic(vm: string, nic: { tap?: string; mac?: string; network?: string; ips?: string[] }, call: Call): Promise<ActionDocument>;
  detachNic(vm: string, mac: string, call: Call): Promise<ActionDocument>;
  /** Stored ones, oldest first. since null: the last `limit`. */
  readEvents(options: { since: number | null; limit: number }, call: Call): Promise<EventDocument[]>;
  /** Events up to this number are kept no longer; 0: all are. */
  eventsDroppedTo(call: Call): Promise<number>;
  /** Until the signal, or the server, ends it. since null: from now on. */
  watchEvents(watch: EventWatch, call: Call): Promise<void>;
  /** from null: as this door has it. @throws where there can be no console of that VM */
  console(vm: string, from: ConsoleStartInput | null, call: Call): Promise<ConsoleDoor>;
};

export type EventWatch = {
  since: number | null;
  onEvent: (event: FollowedEvent) => void;
  /** Events after `since` are not kept any more. */
  onMissed: () => void;
};

export type ConsoleMessage =
  | { kind: 'data'; bytes: Uint8Array }
  /** A gap. */
  | { kind: 'resync'; lostBytes: number | null }
  /** The history is over. */
  | { kind: 'live' }
  | { kind: 'run'; running: boolean };

export type ConsoleViewer = {
  onMessage: (message: ConsoleMessage) => void;
  /** The agent is away (true) and waited for, or back. */
  onAway: (away: boolean) => void;
  /** It is over; why, where people are told. */
  onEnd: (why: string | null) => void;
  onError: (error: unknown) => void;
};

export type ConsoleDoor = { attach(viewer: ConsoleViewer): ConsoleLink };

export type ConsoleLink = {
  /** Resolves once more can be taken. */
  write(bytes: Uint8Array): Promise<void>;
  /** What was written before is delivered first, where the server lives. */
  close(): Promise<void>;
};
