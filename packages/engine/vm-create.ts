import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { asVmId, bootOf, type CreateInput, MvirtError, newCondition, parseCreate, toMvirtError, type VmId, type VmSpec } from '@mvirt/domain';
import type { Store, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { hostLimits } from './host-limits.ts';
import { withMacs } from './nic-macs.ts';

/**
 * Stores a new VM. Files that are not there yet are warnings: they must be there when it starts.
 * @throws INVALID_ARGUMENT, NAME_TAKEN, ID_TAKEN, UNSUPPORTED
 */
export function createVm(context: EngineContext, input: CreateInput): { vm: StoredVm; warnings: string[] } {
  const { store, clock, events, feed, drivers } = context;
  const parsed = parseCreate(input, hostLimits(context.host));
  drivers.refuseUnknown(parsed.spec.hypervisor);
  const id = parsed.id ?? asVmId(randomUUID());
  const hypervisor = drivers.knownFor(parsed.spec) ?? parsed.spec.hypervisor;
  const spec = withMacs(id, { ...parsed.spec, hypervisor });
  checkSpec(context, spec);
  const warnings = [...parsed.warnings, ...missingFiles(spec)];

  const vm = store.transact(() => {
    const name = parsed.name ?? null;
    refuseTaken(store, id, name);
    const inserted = store.vms.insert({
      id,
      name,
      spec,
      unknownKeys: {},
      condition: newCondition(),
      pendingSpec: null,
      createdAtMs: clock.nowMs(),
      startedAtMs: null,
      endedAtMs: null,
      run: null,
    });
    events.record(inserted, { type: 'created', message: 'created' });
    return inserted;
  });
  events.flush();
  feed.tell({ kind: 'changed', id });
  return { vm, warnings };
}

/** Names and ids name VMs alike, so neither may be another VM's other. @throws NAME_TAKEN, ID_TAKEN */
function refuseTaken(store: Store, id: VmId, name: string | null): void {
  if (store.vms.get(id) !== null) throw new MvirtError({ code: 'ID_TAKEN', message: `id: a VM with the id ${id} exists already` });
  if (store.vms.findByName(id).length > 0) throw new MvirtError({ code: 'ID_TAKEN', message: `id: another VM has the name ${id}` });
  if (name !== null) refuseNameTaken(store, id, name);
}

/** @throws NAME_TAKEN */
export function refuseNameTaken(store: Store, id: VmId, name: string): void {
  const other = store.vms.findByName(name).find((vm) => vm.id !== id);
  if (other) throw new MvirtError({ code: 'NAME_TAKEN', message: `name: ${name} is the name of another VM (${other.id})` });
  if (name !== id && store.vms.get(name) !== null) throw new MvirtError({ code: 'NAME_TAKEN', message: `name: ${name} is the id of another VM` });
}

/** What the hypervisor could never run is refused now; what only misses a file may get it before the start. */
function checkSpec({ drivers }: EngineContext, spec: VmSpec): void {
  const kind = drivers.knownFor(spec);
  try {
    if (kind !== null) drivers.get(kind)?.check(spec);
  } catch (thrown) {
    if (toMvirtError(thrown).code !== 'FILE_NOT_FOUND') throw thrown;
  }
}

function missingFiles(spec: VmSpec): string[] {
  const boot = bootOf(spec);
  const bootFiles = boot.kind === 'kernel' ? { kernel: boot.kernel, initramfs: boot.initramfs } : { firmware: boot.path };
  const named = [...Object.entries(bootFiles), ...spec.disks.map((disk) => ['disk', disk.path] as const)];
  return named.flatMap(([field, path]) =>
    path !== null && !existsSync(path) ? [`${field}: ${path} does not exist yet; it must before the VM is started`] : [],
  );
}
