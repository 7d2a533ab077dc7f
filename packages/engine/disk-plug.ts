import { existsSync } from 'node:fs';
import { type Disk, diskSchema, invalid, MvirtError, type VmId, type VmSpec, vmLabel } from '@mvirt/domain';
import type { Vmm } from '@mvirt/hypervisor';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { orNotThere, type PlugResult, pendingNote, plugPhase, storeDevices, storedVm, takeBack, undoForNobody } from './device-change.ts';
import type { WaitOptions } from './services.ts';
import type { Supervisor } from './supervisor.ts';

export type DiskInput = { path: string; readonly: boolean; format?: Disk['format'] };

/** Attaches a disk: at once to a guest that is up, else to the spec. @throws DISK_ATTACHED, DISK_IN_USE, FILE_NOT_FOUND, UNSUPPORTED, WRONG_STATE */
export async function attachDisk(
  context: EngineContext,
  supervisor: Supervisor,
  id: VmId,
  input: DiskInput,
  { signal: caller }: WaitOptions,
): Promise<PlugResult> {
  const parsed = diskSchema.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error);
  const disk = parsed.data;
  await context.reachable.look([disk.path], { signal: caller });
  const vm = storedVm(context, id);
  const up = plugPhase(vm) === 'up';
  refuseAttached(vm, disk);
  const event = { type: 'disk-attached' as const, message: `disk ${disk.path} attached`, detail: { path: disk.path } };
  const spec = (spec: VmSpec): VmSpec => ({ ...spec, disks: [...spec.disks, disk] });
  if (!up) {
    storeDevices(context, id, { spec, event });
    return { changed: true, note: existsSync(disk.path) ? null : `${disk.path} does not exist yet; it must before the VM is started` };
  }

  refuseUnplugged(context, vm, 'hotplugDisk');
  if (!existsSync(disk.path)) throw new MvirtError({ code: 'FILE_NOT_FOUND', message: `disk ${disk.path} does not exist` });
  await supervisor.plug(async (vmm, signal) => {
    caller?.throwIfAborted();
    // Again: it may have come while this one waited for its turn.
    refuseAttached(storedVm(context, id), disk);
    context.claims.take(id, [disk]);
    try {
      // Before the guest gets it: an agent that dies in between leaves a disk that the run has and the spec lacks, which its successor takes away.
      storeDevices(context, id, { run: (run) => ({ ...run, disks: [...run.disks, disk] }), event: null });
      await vmm.attachDisk(disk, { signal });
      storeDevices(context, id, { spec, event });
    } catch (thrown) {
      if (hasDisk(context, id, disk.path)) await takeBackDisk(context, id, vmm, disk.path);
      else context.claims.drop(id, disk.path);
      throw thrown;
    }
  });
  await undoForNobody(context, id, caller, () => detachDisk(context, supervisor, id, disk.path));
  return { changed: true, note: null };
}

/** Takes a disk away. A guest that does not let go is noted, and the spec has lost the disk all the same. @throws DISK_NOT_FOUND, UNSUPPORTED, WRONG_STATE */
export async function detachDisk(context: EngineContext, supervisor: Supervisor, id: VmId, path: string): Promise<PlugResult> {
  const vm = storedVm(context, id);
  const up = plugPhase(vm) === 'up';
  const plugged = up && vm.run?.disks.some((disk) => disk.path === path) === true;
  if (!plugged && !vm.spec.disks.some((disk) => disk.path === path)) {
    throw new MvirtError({ code: 'DISK_NOT_FOUND', message: `VM ${vmLabel(vm)} has no disk ${path}`, hint: `mvirt get ${vmLabel(vm)} shows its disks` });
  }
  const spec = (spec: VmSpec): VmSpec => ({ ...spec, disks: spec.disks.filter((disk) => disk.path !== path) });
  if (!plugged) {
    storeDevices(context, id, { spec, event: detached(path) });
    return { changed: true, note: null };
  }

  refuseUnplugged(context, vm, 'hotplugDisk');
  let note: string | null = null;
  await supervisor.plug(async (vmm, signal) => {
    // Before the guest is asked: an agent that dies in between leaves a disk that the run has and the spec lacks, which its successor asks for again.
    const { disks } = storedVm(context, id).spec;
    storeDevices(context, id, { spec, event: null });
    const removal = await vmm.detachDisk(path, { signal }).catch(async (thrown) => {
      await takeBack(context, id, path, async () => void storeDevices(context, id, { spec: (now) => ({ ...now, disks }), event: null }));
      throw thrown;
    });
    note = removal === 'pending' && hasDisk(context, id, path) ? pendingNote(`disk ${path}`) : null;
    if (note === null) diskRemoved(context, id, path);
    else storeDevices(context, id, { event: { type: 'device-removal-pending', message: note, detail: { path } } });
  });
  return { changed: true, note };
}

const hasDisk = (context: EngineContext, id: VmId, path: string): boolean => storedVm(context, id).run?.disks.some((disk) => disk.path === path) === true;

const withoutDisk =
  (path: string) =>
  (run: StoredRun): StoredRun => ({ ...run, disks: run.disks.filter((disk) => disk.path !== path) });

/** A disk that the run has and the spec lacks is asked for again; one that the guest never got is forgotten. Never throws: what cannot be told now stays in the run. */
export async function takeBackDisk(context: EngineContext, id: VmId, vmm: Vmm, path: string): Promise<void> {
  await takeBack(context, id, path, async () => {
    const isGone = await vmm.detachDisk(path, {}).then((removal) => removal === 'removed', orNotThere('DISK_NOT_FOUND'));
    if (!isGone || !hasDisk(context, id, path)) return;
    storeDevices(context, id, { run: withoutDisk(path), event: null });
    context.claims.drop(id, path);
  });
}

/** The guest has let go of a disk. Idempotent. */
export function diskRemoved(context: EngineContext, id: VmId, path: string): void {
  if (!hasDisk(context, id, path)) return;
  storeDevices(context, id, { run: withoutDisk(path), event: detached(path) });
  context.claims.drop(id, path);
}

const detached = (path: string) => ({ type: 'disk-detached' as const, message: `disk ${path} detached`, detail: { path } });

/** @throws UNSUPPORTED with the hypervisor's reason */
export function refuseUnplugged({ drivers }: EngineContext, vm: StoredVm, capability: 'hotplugDisk' | 'hotplugNic'): void {
  const reason = drivers.capabilities(vm.run?.hypervisor ?? null)[capability];
  if (reason === null) return;
  const what = capability === 'hotplugDisk' ? 'disks' : 'NICs';
  throw new MvirtError({
    code: 'UNSUPPORTED',
    message: `VM ${vmLabel(vm)}: ${what} cannot come or go while it runs: ${reason}`,
    hint: `stop it first: mvirt stop ${vmLabel(vm)}`,
  });
}

const maxDisks = 24;

function refuseAttached(vm: StoredVm, disk: Disk): void {
  if ([...vm.spec.disks, ...(vm.run?.live ? vm.run.disks : [])].some((other) => other.path === disk.path)) {
    throw new MvirtError({ code: 'DISK_ATTACHED', message: `VM ${vmLabel(vm)} has disk ${disk.path} already` });
  }
  if (vm.spec.disks.length >= maxDisks)
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `disks: VM ${vmLabel(vm)} has ${maxDisks} already, and more are not possible` });
}
