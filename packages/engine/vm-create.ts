import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  asVmId,
  bootOf,
  type ContractCreate,
  type CreateInput,
  type HypervisorKind,
  MvirtError,
  newCondition,
  parseContractCreate,
  parseCreate,
  toMvirtError,
  type VmId,
  type VmSpec,
} from '@mvirt/domain';
import type { Store, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { hostLimits } from './host-limits.ts';
import { makeOwnDisk } from './images/own-disk.ts';
import { refuseWithoutRoom } from './last-room.ts';
import { addressBook, keepAddresses } from './networks/nic-addresses.ts';
import { withMacs } from './nic-macs.ts';
import type { WaitOptions } from './services.ts';

type Created = { vm: StoredVm; warnings: string[] };

/**
 * Stores a new VM, with a disk of its own where an image is named. Files that are not there yet are warnings: they must be there when it starts.
 * @throws INVALID_ARGUMENT, NAME_TAKEN, ID_TAKEN, UNSUPPORTED, and what makeOwnDisk throws
 */
export async function createVm(context: EngineContext, input: CreateInput, options: WaitOptions): Promise<Created> {
  refuseWithoutRoom(context, 'the VM cannot be created');
  const { store, host, drivers } = context;
  const parsed = parseCreate(input, hostLimits(host));
  drivers.refuseUnknown(parsed.spec.hypervisor);
  const id = parsed.id ?? asVmId(randomUUID());
  const name = parsed.name ?? null;
  const stored = (asked: VmSpec): Created => {
    const spec = completeSpec(context, id, asked);
    checkSpec(context, spec);
    const vm = insert(context, { id, name, spec }, () => refuseTaken(store, id, name));
    return { vm, warnings: [...parsed.warnings, ...missingFiles(spec)] };
  };
  await context.reachable.look(filesOf(parsed.spec), options);
  if (parsed.image === null) return stored(parsed.spec);

  // Before there is a disk: making one may take its time.
  refuseTaken(store, id, name);
  checkSpec(context, parsed.spec);
  const hypervisor = await hypervisorFor(context, parsed.spec);
  const request = { vmId: id, image: parsed.image.name, sizeBytes: parsed.image.sizeBytes, hypervisor };
  await using made = await makeOwnDisk(context, request, options);
  options.signal?.throwIfAborted();
  // And once more: what lies under the disk's name may be that of a VM which was created meanwhile.
  refuseTaken(store, id, name);
  made.place();
  const created = stored({ ...parsed.spec, hypervisor: hypervisor ?? parsed.spec.hypervisor, disks: [made.disk, ...parsed.spec.disks], ownDisk: made.ownDisk });
  made.keep();
  return created;
}

/** What will run it, tried now where that is not known yet: the kind of its disk follows from it. null: none can be had here. */
async function hypervisorFor({ drivers }: EngineContext, spec: VmSpec): Promise<HypervisorKind | null> {
  try {
    return (await drivers.choose(spec)).kind;
  } catch (thrown) {
    const { code } = toMvirtError(thrown);
    if (code === 'HYPERVISOR_MISSING' || code === 'UNSUPPORTED') return null;
    throw thrown;
  }
}

/** All that the wire contract can say: names repeat here, and what this host cannot run is refused at the start. @throws INVALID_ARGUMENT, ID_TAKEN */
export async function createFromContract(context: EngineContext, input: ContractCreate): Promise<Created> {
  refuseWithoutRoom(context, 'the VM cannot be created');
  const parsed = parseContractCreate(input);
  await context.reachable.look(filesOf(parsed.spec));
  const id = parsed.id ?? asVmId(randomUUID());
  const spec = completeSpec(context, id, parsed.spec);
  const vm = insert(context, { id, name: parsed.name, spec }, () => refuseIdTaken(context.store, id));
  return { vm, warnings: missingFiles(spec) };
}

/** Its hypervisor, where that is known by now, and every MAC. */
function completeSpec({ drivers }: EngineContext, id: VmId, spec: VmSpec): VmSpec {
  return withMacs(id, { ...spec, hypervisor: drivers.knownFor(spec) ?? spec.hypervisor });
}

function insert(context: EngineContext, { id, name, spec }: { id: VmId; name: string | null; spec: VmSpec }, refuse: () => void): StoredVm {
  const { store, clock, events, feed, moments } = context;
  const vm = store.transact(() => {
    refuse();
    const kept = spec.nics.some(({ network }) => network !== null) ? { ...spec, nics: keepAddresses(spec.nics, addressBook(context)) } : spec;
    const inserted = store.vms.insert({
      id,
      name,
      spec: kept,
      unknownKeys: {},
      condition: newCondition(),
      pendingSpec: null,
      createdAtMs: clock.nowMs(),
      startedAtMs: null,
      endedAtMs: null,
      run: null,
    });
    moments.keep(events.record(inserted, { type: 'created', message: 'created' }).seq, inserted);
    return inserted;
  });
  events.flush();
  feed.tell({ kind: 'changed', id });
  return vm;
}

/** Names and ids name VMs alike, so neither may be another VM's other. @throws NAME_TAKEN, ID_TAKEN */
function refuseTaken(store: Store, id: VmId, name: string | null): void {
  refuseIdTaken(store, id);
  if (store.vms.findByName(id).length > 0) throw new MvirtError({ code: 'ID_TAKEN', message: `id: another VM has the name ${id}` });
  if (name !== null) refuseNameTaken(store, id, name);
}

function refuseIdTaken(store: Store, id: VmId): void {
  if (store.vms.get(id) !== null) throw new MvirtError({ code: 'ID_TAKEN', message: `id: a VM with the id ${id} exists already` });
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
  return namedFiles(spec).flatMap(([field, path]) => (existsSync(path) ? [] : [`${field}: ${path} does not exist yet; it must before the VM is started`]));
}

/** Paths of all that a VM is made of on its host. */
export const filesOf = (spec: VmSpec): string[] => namedFiles(spec).map(([, path]) => path);

function namedFiles(spec: VmSpec): [field: string, path: string][] {
  const boot = bootOf(spec);
  const bootFiles = boot.kind === 'kernel' ? { kernel: boot.kernel, initramfs: boot.initramfs } : { firmware: boot.path };
  const named = Object.entries(bootFiles).flatMap(([field, path]): [string, string][] => (path === null ? [] : [[field, path]]));
  return [...named, ...spec.disks.map(({ path }): [string, string] => ['disk', path])];
}
