import {
  assertNever,
  type ExitCause,
  exitCause,
  MvirtError,
  type OwnDisk,
  type ProcessIdentity,
  toMvirtError,
  type VmCommand,
  type VmEffect,
  type VmFact,
  type VmId,
  type VmSize,
  vmLabel,
  vmNotFound,
} from '@mvirt/domain';
import type { HypervisorDriver, Vmm, VmmFact } from '@mvirt/hypervisor';
import { decide } from './condition-writer.ts';
import type { EngineContext } from './context.ts';
import { deadlineSignal } from './deadline.ts';
import { describeEnd, startFailed, startFailure } from './end-cause.ts';
import { putDiskBack, removeDiskAside, setDiskAside } from './images/own-disk-removal.ts';
import { type Launched, launch } from './launch.ts';
import { markDeleted, removeRunDir, runDirOf, unmarkDeleted } from './run-dir.ts';
import { createStopLadder } from './stop-ladder.ts';
import { createVmQueue, type VmQueue } from './vm-queue.ts';

/** Watches over one VM: takes wishes and observations, and carries out what transition() decides. */
export interface Supervisor {
  readonly queue: VmQueue;
  vmm(): Vmm | null;
  /** done: what was begun has been carried out, or how it failed. @throws WRONG_STATE, VM_NOT_FOUND, STORE_ERROR, DISK_FULL */
  command(command: VmCommand): { changed: boolean; done: Promise<void> };
  /** driver null: joins a start that is under way. @throws WRONG_STATE, VM_NOT_FOUND, STORE_ERROR, DISK_FULL */
  start(driver: HypervisorDriver | null, options?: { restart: boolean }): { changed: boolean; done: Promise<void> };
  fact(fact: VmFact): void;
  /** What keeps an observation from being stored, which is tried again; null: all are stored. */
  unstored(): MvirtError | null;
  /** A change of the devices of a VM that is up, in its turn. @throws HYPERVISOR_UNRESPONSIVE */
  plug(task: (vmm: Vmm, signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Takes over a run that an earlier agent began; vmm null: its hypervisor cannot be talked to. */
  follow(run: { runId: string; process: ProcessIdentity; vmm: Vmm | null }): void;
  /**
   * Looks whether what is stored still holds, and tells it where it does not: an end that was missed, a restart without its timer.
   * unwatched: the VM is up by what is stored, and this supervisor knows no run of it. unheard: its VMM lives and did not answer.
   */
  reconcile(): 'settled' | 'unwatched' | 'unheard';
  /** Lets the VM run on: no timer, listener or connection is left. */
  close(): void;
}

export type SupervisorHooks = {
  deviceRemoved(id: VmId, device: string): void;
  devicesFound(id: VmId, found: Extract<VmmFact, { kind: 'devices-found' }>): void;
  /** @throws STORE_ERROR, DISK_FULL */
  resized(id: VmId, size: VmSize): void;
  /** Starts the VM as its policy wants. Never rejects: what keeps it from being started is told as a fact. */
  restart(id: VmId): Promise<void>;
};

const launchDeadlineMs = 120_000;
/** How long the driver may take to tell of an end that the kernel has told already. */
const endTellMs = 3_000;
const causeDeadlineMs = 5_000;
const retryStoreMs = 1_000;

/** cause: how it ended, once that is known. */
type Run = { runId: string; process: ProcessIdentity; vmm: Vmm | null; watch: Disposable; cause: ExitCause | null };

export function createSupervisor(context: EngineContext, id: VmId, hooks: SupervisorHooks): Supervisor {
  const { store, host, clock, log, consoles } = context;
  const queue = createVmQueue();
  const timers = new Set<Disposable>();
  let run: Run | null = null;
  let launching: Promise<void> | null = null;
  let restartTimer: Disposable | null = null;
  let tapsLeft = false;
  /** A kill that was carried out and could not be stored: stored with the end that comes of it, which is then no restart's cause. */
  let owedKill = false;
  let unstored: MvirtError | null = null;
  let newestSize: VmSize | null = null;
  /** Of a VM that is being deleted: its row is gone by the time that its disk goes. */
  let ownDisk: OwnDisk | null = null;
  let closed = false;

  const warn = (message: string, thrown: unknown): void => log.warn(message, { vm: id, error: toMvirtError(thrown).message });
  const stored = () => {
    const vm = store.vms.get(id);
    if (vm === null) throw vmNotFound(id);
    return vm;
  };
  const given = (why: string) => new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmLabel(stored())} ${why}` });
  const later = (delayMs: number, callback: () => void): void => {
    const timer = clock.after(delayMs, () => {
      timers.delete(timer);
      callback();
    });
    timers.add(timer);
  };

  const call = async (task: (vmm: Vmm, signal: AbortSignal) => Promise<void>): Promise<void> => {
    const vmm = run?.vmm ?? null;
    if (vmm === null) throw new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: `the VMM of VM ${vmLabel(stored())} cannot be talked to` });
    await queue.run((signal) => task(vmm, signal));
  };

  const asking = (): boolean => {
    const stop = closed ? null : (store.vms.get(id)?.condition.stop ?? null);
    return stop !== null && stop.by === 'stop' && !stop.poweringOff;
  };

  const ladder = createStopLadder({ clock, tell, call, asking, warn });

  return {
    queue,
    vmm: () => run?.vmm ?? null,
    fact: tell,
    unstored: () => unstored,
    plug: call,
    command(command) {
      if (command.kind === 'delete') return deleteVm();
      try {
        const accepted = decide(context, id, command);
        return { changed: accepted.changed, done: runAll(accepted.effects, null) };
      } catch (thrown) {
        throw command.kind === 'kill' ? killUnstored(thrown) : thrown;
      }
    },
    start(driver, { restart } = { restart: false }) {
      const accepted = decide(context, id, { kind: 'start', restart });
      const done = runAll(accepted.effects, driver);
      return { changed: accepted.changed, done: accepted.effects.length > 0 ? done : (launching ?? done) };
    },
    follow({ runId, process, vmm }) {
      run?.watch[Symbol.dispose]();
      watch(runId, process, vmm);
      if (vmm !== null) consoles.runStarted(id, vmm);
      vmm?.listen((fact) => hear(runId, fact));
    },
    reconcile,
    close() {
      closed = true;
      ladder.clear();
      restartTimer?.[Symbol.dispose]();
      for (const timer of timers) timer[Symbol.dispose]();
      run?.watch[Symbol.dispose]();
      run?.vmm?.close();
    },
  };

  /** A fact that cannot be stored (the disk is full) is told again: the truth does not go away. */
  function tell(fact: VmFact): void {
    if (closed) return;
    try {
      if (owedKill && fact.kind === 'ended') decide(context, id, { kind: 'kill' });
      const accepted = decide(context, id, fact);
      if (fact.kind === 'ended') owedKill = false;
      unstored = null;
      runAll(accepted.effects, null).catch((thrown) => warn(`after "${fact.kind}"`, thrown));
    } catch (thrown) {
      const error = toMvirtError(thrown);
      log.error(`"${fact.kind}" could not be stored`, { vm: id, error: error.message });
      if (error.code !== 'DISK_FULL' && error.code !== 'STORE_ERROR') return;
      unstored = error;
      context.feed.tell({ kind: 'changed', id }); // whoever waits for it learns why it does not come
      later(retryStoreMs, () => tell(fact));
    }
  }

  /** Each effect is begun at once, in order; the queue keeps what they do apart. */
  async function runAll(effects: VmEffect[], driver: HypervisorDriver | null): Promise<void> {
    await Promise.all(effects.map((effect) => carryOut(effect, driver)));
  }

  async function carryOut(effect: VmEffect, driver: HypervisorDriver | null): Promise<void> {
    switch (effect.kind) {
      case 'launch':
        launching = begin(driver);
        return launching;
      case 'abort-launch':
        return queue.overtake(given('was asked to stop before it had started'));
      case 'press-button':
        return ladder.press();
      case 'arm-stop-timer':
        return ladder.deadlineAt(effect.deadlineAtMs);
      case 'power-off':
        queue.overtake(given('is being powered off'));
        return ladder.powerOff();
      case 'kill':
        return kill();
      case 'arm-restart-timer':
        return armRestart(effect.dueAtMs);
      case 'restart':
        return hooks.restart(id);
      case 'pause':
        return call((vmm, signal) => vmm.pause({ signal }));
      case 'resume':
        return call((vmm, signal) => vmm.resume({ signal }));
      case 'reset':
        return call((vmm, signal) => vmm.reset({ signal }));
      case 'clean-up':
        return cleanUp();
      case 'remove':
        return remove();
      default:
        return assertNever(effect);
    }
  }

  /** By the timer's own measure: a wall clock that was set back meanwhile holds up no restart. */
  function armRestart(dueAtMs: number): void {
    restartTimer?.[Symbol.dispose]();
    const delayMs = Math.max(0, dueAtMs - clock.nowMs());
    restartTimer = clock.after(delayMs, () => {
      restartTimer = null;
      tell({ kind: 'restart-due', atMs: Math.max(clock.nowMs(), dueAtMs) });
    });
  }

  async function begin(driver: HypervisorDriver | null): Promise<void> {
    const beganAtMs = clock.nowMs();
    try {
      if (driver === null) throw new MvirtError({ code: 'INTERNAL', message: 'a launch without a hypervisor' });
      began(await queue.run((signal) => launchOnce(driver, signal)));
    } catch (thrown) {
      throw await launchFailed(thrown, beganAtMs);
    } finally {
      launching = null;
    }
  }

  async function launchOnce(driver: HypervisorDriver, signal: AbortSignal): Promise<Launched> {
    using _place = await context.launches.enter(signal);
    const late = () => new MvirtError({ code: 'TIMEOUT', message: `the VM did not start within ${launchDeadlineMs / 1000} s` });
    using limit = deadlineSignal(clock, launchDeadlineMs, signal, late);
    return await launch(context, stored(), driver, limit.signal);
  }

  function began({ runId, vmm }: Launched): void {
    if (closed) {
      vmm.close();
      return;
    }
    watch(runId, vmm.process, vmm);
    consoles.runStarted(id, vmm);
    tell({ kind: 'launched' });
    vmm.listen((fact) => hear(runId, fact));
  }

  async function launchFailed(thrown: unknown, beganAtMs: number): Promise<MvirtError> {
    const vm = stored();
    const error = toMvirtError(thrown);
    tell({ kind: 'launch-failed', cause: await lastWords(startFailure(error), beganAtMs) });
    return vm.condition.observed === 'starting' ? startFailed(vm, error) : error;
  }

  function watch(runId: string, process: ProcessIdentity, vmm: Vmm | null): void {
    const gone = () => (vmm === null ? void settleByDriver(runId) : later(endTellMs, () => void settleByDriver(runId)));
    run = { runId, process, vmm, cause: null, watch: host.processes.onEnd(process, gone) };
  }

  function hear(runId: string, fact: VmmFact): void {
    if (closed || run?.runId !== runId) return;
    if (fact.kind === 'ended') void settle(runId, fact.cause);
    else if (fact.kind === 'device-removed') hooks.deviceRemoved(id, fact.device);
    else if (fact.kind === 'devices-found') hooks.devicesFound(id, fact);
    else if (fact.kind === 'resized') resized(runId, fact.size);
    else tell(fact);
  }

  /** As with facts: a size that cannot be stored is stored later, unless a newer one came. */
  function resized(runId: string, size: VmSize): void {
    if (closed || run?.runId !== runId) return;
    newestSize = size;
    try {
      hooks.resized(id, size);
    } catch (thrown) {
      log.error('a new size could not be stored; it is tried again', { vm: id, error: toMvirtError(thrown).message });
      later(retryStoreMs, () => newestSize === size && resized(runId, size));
    }
  }

  async function settle(runId: string, cause: ExitCause): Promise<void> {
    if (closed || run?.runId !== runId || run.cause !== null) return;
    run.cause = cause;
    run.cause = await lastWords(cause);
    tell({ kind: 'ended', cause: run.cause });
  }

  async function lastWords(cause: ExitCause, sinceMs?: number): Promise<ExitCause> {
    try {
      return await describeEnd(context, stored(), cause, sinceMs);
    } catch (thrown) {
      warn('the last words of the run could not be read', thrown);
      return cause;
    }
  }

  /** For a VMM whose driver cannot tell, or does not. */
  async function settleByDriver(runId: string): Promise<void> {
    if (closed || run?.runId !== runId || run.cause !== null) return;
    let cause = exitCause('not-observable', 'VMM ended, status not observable');
    try {
      const record = stored().run;
      const driver = record === null ? null : context.drivers.get(record.hypervisor);
      if (record !== null && driver !== null) cause = await driver.causeOfEnd(record, { signal: AbortSignal.timeout(causeDeadlineMs) });
    } catch (thrown) {
      warn('how the VMM ended could not be found out', thrown);
    }
    await settle(runId, cause);
  }

  function reconcile(): 'settled' | 'unwatched' | 'unheard' {
    const { condition } = stored();
    if (closed || launching !== null) return 'settled';
    if (context.taps.owes(id)) queue.run(payTaps, { keep: true }).catch((thrown) => warn('a TAP could still not be removed', thrown));
    if (condition.observed === 'stopped') {
      const dueAtMs = condition.restart?.dueAtMs ?? null;
      if (dueAtMs !== null && restartTimer === null) armRestart(dueAtMs);
      return 'settled';
    }
    if (run === null) return 'unwatched';
    if (host.processes.isAlive(run.process)) return run.vmm === null || !condition.responsive ? 'unheard' : 'settled';
    if (run.cause === null) void settleByDriver(run.runId);
    else tell({ kind: 'ended', cause: run.cause });
    return 'settled';
  }

  /** TAPs that a failed release has left; in the queue, so that none is being made meanwhile. */
  async function payTaps(signal: AbortSignal): Promise<void> {
    const { run: record } = stored();
    const kept = record?.live ? record.nics.map(({ tap }) => tap) : [];
    const left = (await context.network.present({ signal })).filter(({ vmId, tap }) => vmId === id && !kept.includes(tap));
    for (const { tap } of left) await context.taps.release(id, { tap, signal });
    context.taps.settled(id);
    tapsLeft = false;
  }

  /** Needs no hypervisor: a signal to the process whose identity is stored. Before the spawn, the abort is all it takes. */
  async function kill(): Promise<void> {
    queue.overtake(given('was killed'));
    const record = stored().run;
    const process = run?.process ?? (record?.live ? record.process : null);
    if (process !== null) host.processes.signal(process, 'SIGKILL');
  }

  /** What cannot be stored (the disk is full, maybe by this very guest) keeps no VM from being killed: its end is stored later. */
  function killUnstored(thrown: unknown): unknown {
    const error = toMvirtError(thrown);
    if (error.code !== 'DISK_FULL' && error.code !== 'STORE_ERROR') return thrown;
    owedKill = true;
    kill().catch((failed) => warn('the VMM could not be killed', failed));
    const message = `VM ${vmLabel(stored())} is being killed, and that cannot be stored yet: ${error.message}`;
    return new MvirtError({ code: error.code, message, hint: error.hint, cause: thrown });
  }

  async function cleanUp(): Promise<void> {
    ladder.clear();
    run?.watch[Symbol.dispose]();
    run?.vmm?.close();
    run = null;
    host.vmms.forget(runDirOf(context.dataDir, id));
    consoles.runEnded(id);
    context.claims.drop(id);
    if ((stored().run?.nics.length ?? 0) > 0) await queue.run(releaseTaps, { keep: true });
  }

  async function releaseTaps(signal: AbortSignal): Promise<void> {
    tapsLeft = true;
    await context.taps.release(id, { signal });
    tapsLeft = false;
  }

  function deleteVm(): { changed: boolean; done: Promise<void> } {
    const { condition, spec } = stored();
    try {
      if (condition.observed === 'stopped') {
        markDeleted(context.dataDir, id);
        setDiskAside(context.dataDir, spec);
        ownDisk = spec.ownDisk;
      }
      const accepted = decide(context, id, { kind: 'delete' });
      return { changed: accepted.changed, done: runAll(accepted.effects, null) };
    } catch (thrown) {
      putDiskBack(context.dataDir, spec);
      unmarkDeleted(context.dataDir, id);
      throw thrown;
    }
  }

  async function remove(): Promise<void> {
    consoles.removed(id);
    removeRunDir(context.dataDir, id);
    await removeDiskAside(context.dataDir, { ownDisk });
    if (tapsLeft) await queue.run(releaseTaps, { keep: true });
    await queue.idle();
  }
}
