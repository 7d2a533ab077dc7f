import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { MvirtError, type VmId, vmLabel } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { within } from './deadline.ts';
import { storedVm } from './device-change.ts';
import { ownDiskOf } from './images/own-disk-removal.ts';
import { realPath } from './real-path.ts';
import { runDirOf } from './run-dir.ts';
import type { DeleteResult } from './services.ts';
import type { Supervisors } from './supervisors.ts';

const deleteMs = 30_000;

/**
 * Removes a stopped VM's rows, run directory and own disk, and nothing else; answers with what became of its disks.
 * @throws WRONG_STATE, also where a VM's disk lies in that directory; DISK_IN_USE where another VM has its own disk
 */
export async function deleteVm(context: EngineContext, supervisors: Supervisors, id: VmId, signal: AbortSignal | undefined): Promise<DeleteResult['disks']> {
  const vm = storedVm(context, id);
  if (vm.condition.observed === 'stopped') {
    refuseDiskInside(context, id);
    refuseSharedDisk(context, vm);
  }
  const own = ownDiskOf(context.dataDir, vm.spec);
  const removed = own !== null && existsSync(own) ? [own] : [];
  const { done } = supervisors.of(id).command({ kind: 'delete' });
  const finished = done.finally(() => supervisors.forget(id));
  const late = () => new MvirtError({ code: 'TIMEOUT', message: `what VM ${vmLabel(vm)} leaves behind is not cleared away yet` });
  await within(finished, { clock: context.clock, signal, timeoutMs: deleteMs, late });
  return { removed, kept: vm.spec.disks.map(({ path }) => path).filter((path) => path !== own) };
}

/** Its own disk would go with it. */
function refuseSharedDisk({ store, dataDir }: EngineContext, { id, spec }: StoredVm): void {
  const path = ownDiskOf(dataDir, spec);
  if (path === null) return;
  const own = realPath(path);
  const other = store.vms.list().find((vm) => vm.id !== id && vm.spec.disks.some((disk) => realPath(disk.path) === own));
  if (!other) return;
  throw new MvirtError({
    code: 'DISK_IN_USE',
    message: `disk ${path} would go with its VM, and VM ${vmLabel(other)} has it too`,
    hint: `detach it there first: mvirt detach-disk ${vmLabel(other)} ${path}`,
  });
}

/** Somebody's data is no part of a run: it is never removed with one. */
function refuseDiskInside({ store, dataDir }: EngineContext, id: VmId): void {
  const directory = realPath(runDirOf(dataDir, id)) + sep;
  for (const vm of store.vms.list()) {
    const inside = vm.spec.disks.find((disk) => realPath(disk.path).startsWith(directory));
    if (!inside) continue;
    throw new MvirtError({
      code: 'WRONG_STATE',
      message: `disk ${inside.path} of VM ${vmLabel(vm)} lies in the run directory that would be removed`,
      hint: 'move it elsewhere first',
    });
  }
}
