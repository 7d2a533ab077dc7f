import type { ActionAnswer, CreatedAnswer, HostDocument, LogLineDocument, SetAnswer, UsageReadingDocument, Vm } from '@mvirt/api/schema';
import type { ChangeSpec, CreateInput, DiskFormat } from '@mvirt/domain';
import type { FolderEntry } from '../forms/own-files.ts';
import type { ConsoleWriteOptions } from './console-writer.ts';

/**
 * silent: somebody holds the socket and has answered nothing for so many seconds.
 * attempts: tries since the connection was lost. reason: why nobody answers, and what to do.
 */
export type ConnectionState =
  | { status: 'connecting' }
  | { status: 'connected' }
  | { status: 'silent'; seconds: number }
  | { status: 'lost'; attempts: number; reason: string; hint: string };

/** First all VMs, then each change; after a lost connection all of them again. */
export type VmNotice = { kind: 'snapshot'; vms: Vm[] } | { kind: 'changed'; vm: Vm } | { kind: 'removed'; id: string };

export type ConsoleNotice =
  | { kind: 'data'; bytes: Uint8Array; cursor: string }
  | { kind: 'resync'; cursor: string; lostBytes: number | null; reason: 'dropped' | 'replaced' }
  | { kind: 'live'; cursor: string }
  | { kind: 'run'; running: boolean; cursor: string }
  /** What comes until the next `live` was missed, and is caught up on. */
  | { kind: 'interrupted' };

export type ConsoleFrom = { kind: 'tail'; bytes: number } | { kind: 'cursor'; cursor: string };

/** onEnd: the stream is over (an error, or the agent ended it); not called after it was stopped. */
export type StreamHandlers<T> = { onData: (value: T) => void; onEnd: (error: Error | null) => void };

/** Ends a stream; nothing of it is heard afterwards. */
export type Stop = () => void;

export type AgentAction = 'start' | 'stop' | 'kill' | 'delete' | 'reboot' | 'pause' | 'resume';

/** All that the UI needs of an agent. Streams survive a lost connection or end by onEnd; calls reject with an MvirtError. */
export type Agent = {
  onConnection(listener: (state: ConnectionState) => void): Stop;
  watchVms(handlers: StreamHandlers<VmNotice>): Stop;
  /** The last `tail` lines, then live ones. */
  watchLogs(id: string, tail: number, handlers: StreamHandlers<LogLineDocument>): Stop;
  watchConsole(id: string, from: ConsoleFrom, handlers: StreamHandlers<ConsoleNotice>): Stop;
  writeConsole(id: string, bytes: Uint8Array, options: ConsoleWriteOptions): Promise<void>;
  host(options: { signal: AbortSignal }): Promise<HostDocument>;
  /** Of what runs; of that what is new since a reading. null: all. */
  usage(since: number | null, options: { signal: AbortSignal }): Promise<UsageReadingDocument>;
  create(input: CreateInput, options: { signal: AbortSignal }): Promise<CreatedAnswer>;
  set(id: string, change: Omit<ChangeSpec, 'userData'>, options: { signal: AbortSignal }): Promise<SetAnswer>;
  attachDisk(id: string, disk: { path: string; readonly: boolean; format?: DiskFormat }, options: { signal: AbortSignal }): Promise<ActionAnswer>;
  detachDisk(id: string, path: string, options: { signal: AbortSignal }): Promise<ActionAnswer>;
  attachNic(id: string, nic: { tap?: string; mac?: string; network?: string; ips?: string[] }, options: { signal: AbortSignal }): Promise<ActionAnswer>;
  detachNic(id: string, mac: string, options: { signal: AbortSignal }): Promise<ActionAnswer>;
  /** Stored ones, by name. */
  listImages(options: { signal: AbortSignal }): Promise<{ name: string; sizeBytes: number }[]>;
  /** Of the agent's host; folders first. */
  listFolder(path: string, options: { signal: AbortSignal }): Promise<FolderEntry[]>;
  act(action: AgentAction, id: string, options: { signal: AbortSignal }): Promise<ActionAnswer>;
};
