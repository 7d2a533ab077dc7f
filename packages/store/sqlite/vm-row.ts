import { asVmId, decodeSpec, encodeSpec, exitCauseSchema, type ObservedState, observedStates, toUnixSeconds, type VmSpec, wantedStates } from '@mvirt/domain';
import { z } from 'zod';
import type { StoredRun, StoredVm } from '../port.ts';
import { readJson } from './json-column.ts';
import { type DecodedSpec, readSpec } from './spec-cache.ts';

/** A row of `vms` beside its row of `mvirt_vms`; the latter's columns are null where that row is missing. */
export type VmRow = {
  id: string;
  name: string | null;
  state: string;
  config_json: string;
  created_at: number;
  started_at: number | null;
  wanted: string | null;
  observed: string | null;
  responsive: number | null;
  stop_json: string | null;
  restart_json: string | null;
  cause_json: string | null;
  extras_json: string | null;
  pending_json: string | null;
  run_json: string | null;
  created_at_ms: number | null;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  revision: number | null;
};

const stopSchema = z.object({ by: z.enum(['stop', 'kill']), deadlineAtMs: z.number().nullable(), poweringOff: z.boolean(), graceMs: z.number().optional() });

const restartSchema = z.object({ attempts: z.number(), dueAtMs: z.number().nullable() }).nullable();

const pendingSchema = z.object({ config: z.unknown(), extras: z.unknown() }).nullable();

const causeSchema = exitCauseSchema.nullable();

/** Loose: what a later agent notes in a run is kept by an earlier one. */
const runSchema: z.ZodType<StoredRun | null> = z
  .looseObject({
    vmId: z.string(),
    runDir: z.string(),
    runId: z.string(),
    hypervisor: z.enum(['cloud-hypervisor', 'qemu']),
    process: z.object({ pid: z.number(), startTicks: z.number(), bootId: z.string() }).nullable(),
    disks: z.array(z.object({ path: z.string(), readonly: z.boolean(), format: z.enum(['raw', 'qcow2']) })),
    nics: z.array(z.object({ index: z.number(), tap: z.string(), mac: z.string() })),
    live: z.boolean(),
    startedAtMs: z.number(),
    foreign: z.object({ pid: z.number(), apiSocket: z.string(), serialSocket: z.string() }).optional(),
  })
  .nullable() as unknown as z.ZodType<StoredRun | null>;

/** The state words of `vms`: paused is running there. */
export type StateWord = 'stopped' | 'starting' | 'running' | 'stopping';

export const stateWord = (observed: ObservedState): StateWord => (observed === 'paused' ? 'running' : observed);

/** A stored VM out of its row; broken contents read as absent. */
export function decodeRow(row: VmRow, read: (row: VmRow) => DecodedSpec = readSpec): StoredVm {
  const { spec, unknownKeys } = read(row);
  const observed = readObserved(row);
  const stop = observed === 'stopping' ? readJson(row.stop_json, stopSchema, { by: 'stop', deadlineAtMs: null, poweringOff: false }) : null;
  const createdAtMs = row.created_at_ms ?? row.created_at * 1000;
  return {
    id: asVmId(row.id),
    name: row.name,
    spec,
    unknownKeys,
    condition: {
      observed,
      wanted: wantedStates.find((state) => state === row.wanted) ?? wantedBy(observed),
      responsive: row.responsive !== 0,
      stop,
      cause: readJson(row.cause_json, causeSchema, null),
      restart: readJson(row.restart_json, restartSchema, null),
    },
    pendingSpec: decodePending(row.pending_json),
    createdAtMs,
    startedAtMs: row.started_at_ms ?? (row.started_at === null ? null : row.started_at * 1000),
    endedAtMs: row.ended_at_ms,
    run: readRun(row),
    revision: row.revision ?? 0,
  };
}

export const readRun = (row: VmRow): StoredRun | null => readJson(row.run_json, runSchema, null);

/** Ours, or what the state word says where we have none. */
export const readObserved = (row: VmRow): ObservedState => observedStates.find((state) => state === row.observed) ?? observedOf(row.state);

const observedOf = (word: string): ObservedState => (['starting', 'running', 'stopping'] as const).find((state) => state === word) ?? 'stopped';

const wantedBy = (observed: ObservedState) => (observed === 'stopped' || observed === 'stopping' ? 'stopped' : 'running');

function decodePending(text: string | null): VmSpec | null {
  const pending = readJson(text, pendingSchema, null);
  return pending === null ? null : decodeSpec(pending.config, pending.extras).spec;
}

type Change = Partial<Omit<StoredVm, 'id' | 'revision'>>;

/** The columns that a change writes; `current` gives what a half change (spec without its unknown keys) leaves as it was. */
export function encodeChange(change: Change, current: Pick<StoredVm, 'spec' | 'unknownKeys'>): Partial<VmRow> {
  return { ...(change.name === undefined ? {} : { name: change.name }), ...specColumns(change, current), ...conditionColumns(change), ...runColumns(change) };
}

function specColumns(change: Change, current: Pick<StoredVm, 'spec' | 'unknownKeys'>): Partial<VmRow> {
  const pending = change.pendingSpec === undefined ? {} : { pending_json: change.pendingSpec === null ? null : JSON.stringify(encodeSpec(change.pendingSpec)) };
  if (change.spec === undefined && change.unknownKeys === undefined) return pending;
  const { config, extras } = encodeSpec(change.spec ?? current.spec, change.unknownKeys ?? current.unknownKeys);
  return { ...pending, config_json: JSON.stringify(config), extras_json: JSON.stringify(extras) };
}

function conditionColumns({ condition }: Change): Partial<VmRow> {
  if (condition === undefined) return {};
  return {
    state: stateWord(condition.observed),
    wanted: condition.wanted,
    observed: condition.observed,
    responsive: condition.responsive ? 1 : 0,
    stop_json: condition.stop === null ? null : JSON.stringify(condition.stop),
    cause_json: condition.cause === null ? null : JSON.stringify(condition.cause),
    restart_json: condition.restart === null ? null : JSON.stringify(condition.restart),
  };
}

function runColumns(change: Change): Partial<VmRow> {
  const { run, startedAtMs, endedAtMs, createdAtMs } = change;
  return {
    ...(run === undefined ? {} : { run_json: run === null ? null : JSON.stringify(run) }),
    ...(startedAtMs === undefined ? {} : { started_at_ms: startedAtMs, started_at: startedAtMs === null ? null : toUnixSeconds(startedAtMs) }),
    ...(endedAtMs === undefined ? {} : { ended_at_ms: endedAtMs }),
    ...(createdAtMs === undefined ? {} : { created_at_ms: createdAtMs, created_at: toUnixSeconds(createdAtMs) }),
  };
}
