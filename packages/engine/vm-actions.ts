import { checkSize, MvirtError, type ObservedState, toMvirtError, type VmCommand, type VmId, vmLabel } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { within } from './deadline.ts';
import { storedVm } from './device-change.ts';
import { describeEnd, startFailure } from './end-cause.ts';
import { hostLimits } from './host-limits.ts';
import { refuseWithoutRoom } from './last-room.ts';
import type { WaitOptions } from './services.ts';
import type { Supervisor } from './supervisor.ts';
import { filesOf } from './vm-create.ts';
import { untilVm } from './vm-wait.ts';

/** Ample: each step has a deadline of its own. What is still under way then goes on. */
const startMs = 180_000;
const callMs = 30_000;
const trialMs = 120_000;
const killMs = 30_000;
/** What a stop takes beside the guest's own time: cutting the power and, where that fails, the kill. */
const stopStepsMs = 30_000;

export type Changed = { changed: boolean };

/** Answers once the VM runs; a start that is under way is joined. @throws START_FAILED, DISK_IN_USE, UNSUPPORTED, HYPERVISOR_MISSING, FILE_NOT_FOUND, WRONG_STATE */
export async function startVm(context: EngineContext, supervisor: Supervisor, id: VmId, { signal }: WaitOptions): Promise<Changed> {
  const { changed, done } = await beginStart(context, supervisor, id, { signal, restart: false });
  const late = () => {
    const label = vmLabel(storedVm(context, id));
    return new MvirtError({ code: 'TIMEOUT', message: `VM ${label} is still starting after ${startMs / 1000} s`, hint: `mvirt kill ${label} ends it` });
  };
  await within(done, { clock: context.clock, signal, timeoutMs: startMs, late });
  return { changed };
}

/** The start that a VM's policy or a boot of the host owes it. Never rejects: what keeps it from being started is told to the VM. */
export async function restartVm(context: EngineContext, supervisor: Supervisor, id: VmId): Promise<void> {
  let done: Promise<void>;
  try {
    ({ done } = await beginStart(context, supervisor, id, { restart: true }));
  } catch (thrown) {
    const vm = context.store.vms.get(id);
    if (vm === null) return; // deleted while its hypervisor was looked for
    supervisor.fact({ kind: 'launch-failed', cause: await describeEnd(context, vm, startFailure(toMvirtError(thrown)), null) });
    return;
  }
  await done.catch(() => {}); // the supervisor has told how it failed
}

const drained = (vm: StoredVm) =>
  new MvirtError({
    code: 'WRONG_STATE',
    message: `VM ${vmLabel(vm)} is not started: the agent is stopping all VMs, because the host goes down`,
    hint: 'try again when that is done',
  });

type StartOptions = { signal?: AbortSignal | undefined; restart: boolean };

async function beginStart(context: EngineContext, supervisor: Supervisor, id: VmId, { signal, restart }: StartOptions) {
  const { clock, drivers, store, claims, draining } = context;
  const trial = {
    clock,
    signal,
    timeoutMs: trialMs,
    late: () => new MvirtError({ code: 'TIMEOUT', message: `the hypervisor's trial is not done after ${trialMs / 1000} s` }),
  };
  const { condition, spec } = storedVm(context, id);
  if (condition.observed === 'stopped') await context.reachable.look(filesOf(spec), { signal });
  const driver = condition.observed === 'stopped' ? await within(drivers.choose(spec), trial) : null;
  // From here to the new condition nothing waits, so that no other VM can take a disk in between.
  const vm = storedVm(context, id);
  if (draining.active()) throw drained(vm);
  if (restart && vm.condition.restart?.dueAtMs == null) return { changed: false, done: Promise.resolve() };
  const fresh = driver !== null && vm.condition.observed === 'stopped';
  if (fresh) {
    refuseWithoutRoom(context, `VM ${vmLabel(vm)} cannot be started`);
    checkSize(vm.spec, hostLimits(context.host));
    driver.check(vm.spec);
    claims.take(id, vm.spec.disks);
  }
  try {
    if (fresh && vm.spec.hypervisor !== driver.kind) store.vms.update(id, { spec: { ...vm.spec, hypervisor: driver.kind } });
    return supervisor.start(driver, { restart });
  } catch (thrown) {
    if (fresh) claims.drop(id);
    throw thrown;
  }
}

/** Answers once the VM is stopped and what its run had taken is given back. */
export async function stopVm(
  context: EngineContext,
  supervisor: Supervisor,
  id: VmId,
  { graceMs, drain = false, signal }: WaitOptions & { graceMs: number | null; drain?: boolean },
): Promise<Changed> {
  if (graceMs !== null && !(Number.isFinite(graceMs) && graceMs >= 0))
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `graceMs: ${graceMs} is no time to wait` });
  const { changed } = begin(context, supervisor, id, { kind: 'stop', graceMs, atMs: context.clock.nowMs(), drain });
  const hint = `mvirt kill ${vmLabel(storedVm(context, id))} ends it at once`;
  await untilOff(context, supervisor, id, { signal, timeoutMs: graceMs === null ? null : graceMs + stopStepsMs, hint });
  return { changed };
}

export async function killVm(context: EngineContext, supervisor: Supervisor, id: VmId, { signal }: WaitOptions): Promise<Changed> {
  const { changed, done } = supervisor.command({ kind: 'kill' });
  await done; // a signal that was refused says so
  await untilOff(context, supervisor, id, {
    signal,
    timeoutMs: killMs,
    hint: 'the kernel has not ended its VMM yet: see what the VMM waits for (a disk that does not answer?)',
  });
  return { changed };
}

/** Pause, resume, reboot: answered once the VMM has done it, and the VM is seen in its new state. */
export async function commandVm(
  context: EngineContext,
  supervisor: Supervisor,
  id: VmId,
  kind: 'pause' | 'resume' | 'reboot',
  { signal }: WaitOptions,
): Promise<Changed> {
  const { capability, becomes } = commands[kind];
  const vm = storedVm(context, id);
  const live = vm.run?.live ? vm.run.hypervisor : null;
  const reason = live === null ? null : context.drivers.capabilities(live)[capability];
  if (reason !== null) throw new MvirtError({ code: 'UNSUPPORTED', message: `VM ${vmLabel(vm)} cannot ${kind}: ${reason}` });
  const { changed, done } = supervisor.command({ kind });
  const late = () => new MvirtError({ code: 'TIMEOUT', message: `VM ${vmLabel(vm)}: ${kind} is not done after ${callMs / 1000} s` });
  await within(done, { clock: context.clock, signal, timeoutMs: callMs, late });
  if (changed && becomes !== null) {
    const failure = () => unstorable(supervisor, vm, becomes.to);
    await untilVm(context, id, (now) => now.condition.observed !== becomes.from, { signal, timeoutMs: callMs, what: becomes.to, failure });
  }
  return { changed };
}

/** A full disk takes its time; anything else may pass before the wait ends. */
function unstorable(supervisor: Supervisor, vm: StoredVm, state: ObservedState): MvirtError | null {
  const error = supervisor.unstored();
  if (error?.code !== 'DISK_FULL') return null;
  const message = `VM ${vmLabel(vm)} is ${state}, and that cannot be stored yet: ${error.message}`;
  return new MvirtError({ code: error.code, message, hint: error.hint, cause: error });
}

type Becomes = { from: ObservedState; to: ObservedState } | null;

const commands: Record<'pause' | 'resume' | 'reboot', { capability: 'pause' | 'reboot'; becomes: Becomes }> = {
  pause: { capability: 'pause', becomes: { from: 'running', to: 'paused' } },
  resume: { capability: 'pause', becomes: { from: 'paused', to: 'running' } },
  reboot: { capability: 'reboot', becomes: null },
};

function begin({ log }: EngineContext, supervisor: Supervisor, id: VmId, command: VmCommand): Changed {
  const { changed, done } = supervisor.command(command);
  // What fails in a stop is met by its next step; the caller waits for the end, not for the steps.
  done.catch((thrown) => log.warn(`a step of "${command.kind}" failed`, { vm: id, error: String(thrown) }));
  return { changed };
}

type Off = { signal: AbortSignal | undefined; timeoutMs: number | null; hint: string };

async function untilOff(context: EngineContext, supervisor: Supervisor, id: VmId, { signal, timeoutMs, hint }: Off): Promise<void> {
  const failure = () => unstorable(supervisor, storedVm(context, id), 'stopped');
  await untilVm(context, id, (vm) => vm.condition.observed === 'stopped', { signal, timeoutMs, what: 'stopped', hint, failure });
  const late = () => new MvirtError({ code: 'TIMEOUT', message: 'what the run had taken is not given back yet' });
  await within(supervisor.queue.idle(), { clock: context.clock, signal, timeoutMs: stopStepsMs, late });
}
