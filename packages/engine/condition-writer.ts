import {
  type Circumstances,
  type ExitCause,
  MvirtError,
  type ObservedState,
  type Transition,
  transition,
  type VmCondition,
  type VmId,
  type VmInput,
  vmLabel,
  vmNotFound,
} from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import type { VmNotice } from './vm-feed.ts';
import { hintFor } from './vm-label.ts';

export type Accepted = Extract<Transition, { kind: 'accepted' }>;

/**
 * The one writer of a VM's condition: what transition() decides is stored with its events, all or nothing, and then told.
 * @throws WRONG_STATE, VM_NOT_FOUND, STORE_ERROR, DISK_FULL
 */
export function decide(context: EngineContext, id: VmId, input: VmInput): Accepted {
  const { store, events, feed, clock, moments } = context;
  const { accepted, told } = store.transact(() => {
    const vm = store.vms.get(id);
    if (vm === null) throw vmNotFound(id);
    const decided = transition(vm.condition, input, circumstances(vm, clock.nowMs()));
    if (decided.kind === 'refused') throw refusal(vm, decided);
    const { told, now } = write(context, vm, decided);
    for (const draft of decided.events) moments.keep(events.record(vm, draft).seq, now);
    return { accepted: decided, told };
  });
  events.flush();
  if (told !== null) feed.tell({ kind: told, id });
  return accepted;
}

/** now: the VM after it; of one that is removed, its last state. */
function write({ store, clock }: EngineContext, vm: StoredVm, decided: Accepted): { told: VmNotice['kind'] | null; now: StoredVm } {
  if (isRemoval(decided)) {
    store.vms.remove(vm.id);
    store.consoles.remove(vm.id);
    return { told: 'removed', now: vm };
  }
  if (sameCondition(vm.condition, decided.condition)) return { told: null, now: vm };
  return { told: 'changed', now: store.vms.update(vm.id, changeOf(vm, decided.condition, clock.nowMs())) };
}

const isRemoval = (decided: Accepted): boolean => decided.effects.some((effect) => effect.kind === 'remove');

function refusal(vm: StoredVm, refused: Extract<Transition, { kind: 'refused' }>): MvirtError {
  return new MvirtError({ code: refused.code, message: `VM ${vmLabel(vm)} ${refused.reason}`, hint: hintFor(refused.hint, vm) });
}

function circumstances({ spec, condition, startedAtMs }: StoredVm, atMs: number): Circumstances {
  const ran = isOn(condition.observed) || condition.observed === 'stopping';
  return { policy: spec.restart, autostart: spec.autostart !== null, atMs, ranMs: ran && startedAtMs !== null ? Math.max(0, atMs - startedAtMs) : null };
}

const isOn = (observed: ObservedState): boolean => observed === 'running' || observed === 'paused';

/** What goes with a new condition: the time it began or ended, and at the end the run's settling and what waited for it. */
function changeOf(vm: StoredVm, condition: VmCondition, nowMs: number): Parameters<EngineContext['store']['vms']['update']>[1] {
  if (condition.observed === vm.condition.observed) return sameCause(condition.cause, vm.condition.cause) ? { condition } : { condition, endedAtMs: nowMs };
  if (isOn(condition.observed)) return vm.condition.observed === 'starting' ? { condition, startedAtMs: nowMs } : { condition };
  if (condition.observed !== 'stopped') return { condition };
  return {
    condition,
    endedAtMs: nowMs,
    ...(vm.run === null ? {} : { run: { ...vm.run, live: false } }),
    ...(vm.pendingSpec === null ? {} : { spec: vm.pendingSpec, pendingSpec: null }),
  };
}

function sameCondition(a: VmCondition, b: VmCondition): boolean {
  const sameStop =
    a.stop === b.stop ||
    (a.stop !== null && b.stop !== null && a.stop.by === b.stop.by && a.stop.deadlineAtMs === b.stop.deadlineAtMs && a.stop.poweringOff === b.stop.poweringOff);
  const sameRestart = a.restart?.attempts === b.restart?.attempts && a.restart?.dueAtMs === b.restart?.dueAtMs;
  return a.observed === b.observed && a.wanted === b.wanted && a.responsive === b.responsive && sameStop && sameRestart && sameCause(a.cause, b.cause);
}

const sameCause = (a: ExitCause | null, b: ExitCause | null): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
