import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type ExitCause, exitCause, type ForeignVmm, MvirtError, type ProcessIdentity, type VmFact, type VmId } from '@mvirt/domain';
import { readPlain, runFiles } from '@mvirt/host';
import type { Vmm } from '@mvirt/hypervisor';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { within } from './deadline.ts';
import { takeBackDisk } from './disk-plug.ts';
import { describeEnd } from './end-cause.ts';
import { endedByReboot, proveForeign } from './foreign-vmm.ts';
import { recoverImages } from './images/recover-images.ts';
import { macOf } from './nic-macs.ts';
import { takeBackNic } from './nic-plug.ts';
import { finishDeletes, makeRunDir } from './run-dir.ts';
import type { Supervisor } from './supervisor.ts';
import type { Supervisors } from './supervisors.ts';

type LiveRun = StoredRun & { process: ProcessIdentity };

const causeMs = 2_000;
const statusMs = 1_000;
const adoptMs = 3_000;
/** A busy host may take its time between the shim's spawn and the pid that it writes; without one, nobody waits. */
const pidFileMs = 10_000;
const pollMs = 10;
const endMs = 5_000;

/** What an agent does before it serves: all that an earlier one left is adopted, settled, finished or undone. VMs in parallel. */
export async function recover(context: EngineContext, supervisors: Supervisors): Promise<void> {
  const { store, log } = context;
  for (const vmId of finishDeletes(context.dataDir, (id) => store.vms.get(id) !== null)) log.info('a delete that had begun was finished', { vm: vmId });
  await recoverImages(context).catch((thrown: unknown) => log.error('what images have left could not be looked after', { error: String(thrown) }));
  const left = store.vms.list().filter((vm) => vm.condition.observed !== 'stopped' || vm.run?.live);
  const taps = presentTaps(context);
  await Promise.all(
    left.map(async (vm) => {
      try {
        await recoverVm(context, supervisors.of(vm.id), vm);
      } catch (thrown) {
        log.error('a VM could not be recovered', { vm: vm.id, error: String(thrown) });
      }
    }),
  );
  await releaseTaps(context, await taps);
}

/** One VM that an earlier agent left up, or that nobody watches: adopted where its VMM lives, else settled. */
export async function recoverVm(context: EngineContext, supervisor: Supervisor, vm: StoredVm): Promise<void> {
  const run = vm.run?.live ? vm.run : null;
  if (run === null) return supervisor.fact(await notRecorded(context, vm));
  if (run.foreign && run.process === null) return recoverForeign(context, supervisor, vm, run, run.foreign);
  const process = run.process ?? (await findUnrecorded(context, run));
  if (process === null || !context.host.processes.isAlive(process)) return supervisor.fact(await settledFact(context, vm, run, process));
  if (run.process === null) context.store.vms.update(vm.id, { run: { ...run, process } });
  await adopt(context, supervisor, vm, { ...run, process });
}

async function adopt(context: EngineContext, supervisor: Supervisor, vm: StoredVm, run: LiveRun): Promise<void> {
  const { clock } = context;
  await takeDisks(context, vm, run);
  const vmm = await adoptVmm(context, run);
  const status = vmm === null ? null : await statusOf(context, vmm);
  if (vm.condition.observed === 'starting' && status === null && !run.foreign) return undo(context, supervisor, vm, run.process, vmm);
  follow(context, supervisor, vm.id, run, vmm);
  // A launch that ended between its spawn and its first instruction is brought to its end.
  const halfLaunched = vm.condition.observed === 'starting' && status === 'paused';
  if (halfLaunched) await supervisor.plug((known, signal) => known.resume({ signal }));
  supervisor.fact({ kind: 'adopted', paused: status === null ? null : status === 'paused' && !halfLaunched, atMs: clock.nowMs() });
}

async function takeDisks({ claims, reachable, log }: EngineContext, { id }: StoredVm, { disks }: LiveRun): Promise<void> {
  try {
    await reachable.look(disks.map(({ path }) => path));
  } catch (thrown) {
    log.warn('a disk of the running VM cannot be looked at', { vm: id, error: String(thrown) });
    return claims.takeUnseen(id, disks);
  }
  try {
    claims.take(id, disks);
  } catch (thrown) {
    log.error('two running VMs share a disk', { vm: id, error: String(thrown) });
  }
}

function follow(context: EngineContext, supervisor: Supervisor, id: VmId, run: LiveRun, vmm: Vmm | null): void {
  supervisor.follow({ runId: run.runId, process: run.process, vmm });
  if (run.foreign) warnOfLine(context, id, vmm);
  takeBackHalfAttached(context, supervisor, id);
}

/** A VMM that lives and did not answer when it was taken over, as on a busy host: it is asked again, and taken over if it was not. */
export async function hearAgain(context: EngineContext, supervisor: Supervisor, { id, run }: StoredVm): Promise<void> {
  if (!run?.live || run.process === null || context.drivers.get(run.hypervisor) === null) return;
  const known = supervisor.vmm();
  const vmm = known ?? (await adoptVmm(context, { ...run, process: run.process }));
  const status = vmm === null ? null : await statusOf(context, vmm);
  if (known !== null && status !== null) supervisor.fact({ kind: 'responsive' });
  if (vmm === null || known !== null) return;
  const now = context.store.vms.get(id)?.run;
  // It ended while it was asked.
  if (!now?.live || now.runId !== run.runId || supervisor.vmm() !== null) return vmm.close();
  follow(context, supervisor, id, { ...run, process: run.process }, vmm);
  supervisor.fact({ kind: 'adopted', paused: status === null ? null : status === 'paused', atMs: context.clock.nowMs() });
}

async function adoptVmm(context: EngineContext, run: LiveRun): Promise<Vmm | null> {
  const driver = context.drivers.get(run.hypervisor);
  if (driver === null) {
    context.log.error(`this agent does not drive ${run.hypervisor}: the VM can only be killed`, { vm: run.vmId });
    return null;
  }
  try {
    return await bounded(context, (signal) => driver.adopt(run, { signal }), adoptMs, 'adopting');
  } catch (thrown) {
    context.log.warn('the VMM could not be taken over: until that is done, which is tried again, it can only be killed', {
      vm: run.vmId,
      error: String(thrown),
    });
    return null;
  }
}

async function statusOf(context: EngineContext, vmm: Vmm): Promise<'running' | 'paused' | null> {
  try {
    return await bounded(context, (signal) => vmm.status({ signal }), statusMs, 'asking for the state');
  } catch {
    return null; // it lives and does not answer: a state of its own
  }
}

/** Nobody waits for this start any more, and its guest cannot be shown to run. */
async function undo(context: EngineContext, supervisor: Supervisor, vm: StoredVm, process: ProcessIdentity, vmm: Vmm | null): Promise<void> {
  const { host } = context;
  vmm?.close();
  const ended = Promise.withResolvers<void>();
  using _watch = host.processes.onEnd(process, () => ended.resolve());
  host.processes.signal(process, 'SIGKILL');
  await bounded(context, () => ended.promise, endMs, 'ending a half-launched VMM');
  supervisor.fact({ kind: 'launch-failed', cause: await describeEnd(context, vm, interrupted) });
}

const interrupted: ExitCause = exitCause('start-failed', 'the agent ended while the VM was being started', { hint: 'start it again: mvirt start VM' });
const hostReboot: ExitCause = exitCause('host-reboot', 'the host was started anew');
const notSeen: ExitCause = exitCause('not-observable', 'VMM ended, status not observable');

async function notRecorded(context: EngineContext, vm: StoredVm): Promise<VmFact> {
  if (vm.condition.observed === 'starting') return { kind: 'launch-failed', cause: await describeEnd(context, vm, interrupted) };
  // A stop had ended the start before there was a VMM.
  return { kind: 'ended', cause: await describeEnd(context, vm, vm.condition.observed === 'stopping' ? interrupted : notSeen) };
}

async function settledFact(context: EngineContext, vm: StoredVm, run: StoredRun, process: ProcessIdentity | null): Promise<VmFact> {
  const { host, drivers, log } = context;
  if (process !== null && process.bootId !== host.processes.bootId) {
    return { kind: 'ended', cause: await describeEnd(context, vm, hostReboot) };
  }
  if (process === null || vm.condition.observed === 'starting') return notRecorded(context, vm);
  const driver = drivers.get(run.hypervisor);
  let seen = notSeen;
  try {
    if (driver !== null) seen = await bounded(context, (signal) => driver.causeOfEnd(run, { signal }), causeMs, 'finding the cause');
  } catch (thrown) {
    log.warn('how the VM ended could not be found out', { vm: vm.id, error: String(thrown) });
  }
  return { kind: 'ended', cause: await describeEnd(context, vm, seen) };
}

/** A VMM of another daemon: adopted once it is proven, and from then on found again as one of ours. */
async function recoverForeign(context: EngineContext, supervisor: Supervisor, vm: StoredVm, run: StoredRun, foreign: ForeignVmm): Promise<void> {
  const { host, store, consoles, log } = context;
  const proof = proveForeign(host, run, foreign);
  if (proof.kind === 'untold') {
    log.warn(`whether its VMM (process ${foreign.pid}) lives cannot be told now: ${proof.why}; it is looked at again`, { vm: vm.id });
    return supervisor.fact({ kind: 'unresponsive' });
  }
  if (proof.kind === 'over') {
    const cause = await describeEnd(context, vm, endedByReboot(context, vm) ? hostReboot : proof.cause);
    return supervisor.fact(vm.condition.observed === 'starting' ? { kind: 'launch-failed', cause } : { kind: 'ended', cause });
  }
  const proven = { ...run, runDir: makeRunDir(context.dataDir, vm.id), runId: randomUUID(), process: proof.process };
  store.vms.update(vm.id, { run: proven });
  consoles.runStarting(vm.id, proven);
  await adopt(context, supervisor, vm, proven);
}

/** Devices that the run has and the spec lacks: an attach that an agent died of, or a removal that the guest has not completed. Both are asked for (again). */
function takeBackHalfAttached(context: EngineContext, supervisor: Supervisor, id: VmId): void {
  const vm = context.store.vms.get(id);
  // Another daemon's run is what its VMM has, not what was asked for here.
  if (!vm?.run || vm.run.foreign) return;
  const { spec, run } = vm;
  const macs = spec.nics.map((nic, index) => macOf(id, nic, index));
  const disks = run.disks.filter(({ path }) => !spec.disks.some((disk) => disk.path === path));
  const nics = run.nics.filter(({ mac }) => !macs.includes(mac));
  if (disks.length + nics.length === 0) return;
  const asked = supervisor.plug(async (vmm) => {
    for (const { path } of disks) await takeBackDisk(context, id, vmm, path);
    for (const { mac } of nics) await takeBackNic(context, id, vmm, mac);
  });
  asked.catch((thrown) => context.log.warn('devices that the VM should not have could not be asked for', { vm: id, error: String(thrown) }));
}

/** What is weaker than with a VMM of ours, for whoever reads the VM's log. */
function warnOfLine({ log }: EngineContext, id: VmId, vmm: Vmm | null): void {
  if (vmm === null) return;
  log.warn(
    vmm.serialSocket === undefined
      ? 'its console takes no input until the VM is stopped and started again: the daemon that started it has its serial line go into a file'
      : 'its console is read from its own serial.sock: if this agent is killed while the guest prints, that line may stay silent until the VM is rebooted',
    { vm: id },
  );
}

/** The VMM of a run whose spawn was not recorded: it works in the run directory and its pid is in the shim's file. */
async function findUnrecorded({ host, clock }: EngineContext, run: StoredRun): Promise<ProcessIdentity | null> {
  const deadlineMs = clock.nowMs() + pidFileMs;
  for (;;) {
    // Others (somebody's shell) may be in that directory: only the pid that the shim wrote is a VMM.
    const inside = host.processes.findByCwd(run.runDir);
    const pid = readPid(join(run.runDir, runFiles.pid));
    const found = inside.find((identity) => identity.pid === pid);
    if (found) return found;
    if (inside.length === 0 || clock.nowMs() >= deadlineMs) return null;
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(pollMs, resolve);
    await promise;
  }
}

function readPid(path: string): number | null {
  const text = readPlain(path);
  return text === null ? null : Number(/^(\d+)\n$/.exec(text)?.[1] ?? Number.NaN); // null: not written yet
}

type PresentTap = { tap: string; vmId: string };

async function presentTaps({ network, log }: EngineContext): Promise<PresentTap[]> {
  if (!network.rights().taps) return [];
  try {
    return await network.present({});
  } catch (thrown) {
    log.warn('the TAPs could not be listed', { error: String(thrown) });
    return [];
  }
}

/** TAPs of VMs of ours that have no live run, or not with this TAP. */
async function releaseTaps({ store, network, log }: EngineContext, present: PresentTap[]): Promise<void> {
  for (const { tap, vmId } of present) {
    const vm = store.vms.get(vmId);
    if (vm === null || (vm.run?.live && vm.run.nics.some((nic) => nic.tap === tap))) continue;
    try {
      await network.release(vmId, { tap });
      log.info(`TAP ${tap} of an ended run was removed`, { vm: vmId });
    } catch (thrown) {
      log.warn(`TAP ${tap} of an ended run could not be removed`, { vm: vmId, error: String(thrown) });
    }
  }
}

async function bounded<T>({ clock }: EngineContext, work: (signal: AbortSignal) => Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const controller = new AbortController();
  const late = () => new MvirtError({ code: 'TIMEOUT', message: `${what} took more than ${timeoutMs} ms` });
  try {
    return await within(work(controller.signal), { clock, timeoutMs, late });
  } catch (thrown) {
    controller.abort(thrown);
    throw thrown;
  }
}
