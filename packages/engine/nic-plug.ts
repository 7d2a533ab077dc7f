import { invalid, type LaunchNic, MvirtError, type Nic, type NicNetwork, nicSchema, toNic, type VmId, type VmSpec, vmLabel } from '@mvirt/domain';
import type { Vmm } from '@mvirt/hypervisor';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { type PlugResult, pendingNote, plugPhase, storeDevices, storedVm, undoForNobody } from './device-change.ts';
import { refuseUnplugged } from './disk-plug.ts';
import { addressBook, keepAddresses } from './networks/nic-addresses.ts';
import { freeMac, macOf, withMacs } from './nic-macs.ts';
import type { NicAttachment, WaitOptions } from './services.ts';
import type { Supervisor } from './supervisor.ts';

/** Attaches a NIC: at once to a guest that is up, with a TAP made for it, else to the spec. @throws NIC_ATTACHED, UNSUPPORTED, NETWORK_ERROR, WRONG_STATE */
export async function attachNic(
  context: EngineContext,
  supervisor: Supervisor,
  id: VmId,
  input: NicAttachment,
  { signal: caller }: WaitOptions,
): Promise<PlugResult> {
  const parsed = nicSchema.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error);
  const addition = (vm: StoredVm) => {
    refuseAttached(vm, parsed.data);
    const mac = parsed.data.mac ?? freeMac(id, macsOf(vm));
    const asked: Nic = { ...toNic(parsed.data), mac };
    const [nic = asked] = keepAddresses([asked], addressBook(context));
    const spec = (spec: VmSpec): VmSpec => {
      const known = withMacs(id, spec);
      return { ...known, nics: [...known.nics, nic] };
    };
    return { nic: { ...nic, mac }, change: { spec, event: { type: 'nic-attached' as const, message: `NIC ${mac} attached`, detail: { mac } } } };
  };
  const vm = storedVm(context, id);
  const up = plugPhase(vm) === 'up';
  const first = addition(vm);
  if (!up) {
    storeDevices(context, id, first.change);
    return { changed: true, note: null };
  }

  refuseUnplugged(context, vm, 'hotplugNic');
  let { mac } = first.nic;
  await supervisor.plug(async (vmm, signal) => {
    caller?.throwIfAborted();
    // Anew: another NIC may have come while this one waited for its turn.
    const current = storedVm(context, id);
    const { nic, change } = addition(current);
    mac = nic.mac;
    using _held = nic.network === null ? null : context.networks.hold({ vm: current, nic, on: nic.network });
    await plugNic(context, id, vmm, { tap: nic.tap, mac, network: nic.network }, signal, (plugged) => {
      const run = (run: StoredRun): StoredRun => ({ ...run, nics: [...run.nics, plugged] });
      storeDevices(context, id, { ...change, run });
    });
  });
  await undoForNobody(context, id, caller, () => detachNic(context, supervisor, id, mac));
  return { changed: true, note: null };
}

/** TAP, then device, then the record; each undone where a later one fails. */
async function plugNic(
  { store, network, networks }: EngineContext,
  id: VmId,
  vmm: Vmm,
  nic: { tap: string | null; mac: string; network: NicNetwork | null },
  signal: AbortSignal,
  keep: (nic: LaunchNic) => void,
): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const taken = new Set(store.vms.get(id)?.run?.nics.map((other) => other.index));
  let index = 0;
  while (taken.has(index)) index++;
  const place = await networks.place(nic.network, { signal });
  const [prepared] = await network.prepare({ vmId: id, nics: [{ index, tap: nic.tap, mac: nic.mac, place }] }, { signal });
  if (!prepared) throw new MvirtError({ code: 'NETWORK_ERROR', message: `no TAP was made for NIC ${nic.mac}` });
  if (prepared.ours) undo.defer(() => network.release(id, { tap: prepared.tap }));
  const plugged: LaunchNic = { index, tap: prepared.tap, mac: prepared.mac };
  await vmm.attachNic(plugged, { signal });
  keep(plugged);
  undo.move();
}

/** Takes a NIC away, and its TAP once the guest has let go. @throws NIC_NOT_FOUND, UNSUPPORTED, WRONG_STATE */
export async function detachNic(context: EngineContext, supervisor: Supervisor, id: VmId, given: string): Promise<PlugResult> {
  const mac = given.toLowerCase();
  const vm = storedVm(context, id);
  const up = plugPhase(vm) === 'up';
  const plugged = up && vm.run?.nics.some((nic) => nic.mac === mac) === true;
  if (!plugged && !macsOf(vm).includes(mac)) {
    throw new MvirtError({ code: 'NIC_NOT_FOUND', message: `VM ${vmLabel(vm)} has no NIC ${mac}`, hint: `mvirt get ${vmLabel(vm)} shows its NICs` });
  }
  const spec = (spec: VmSpec): VmSpec => {
    const known = withMacs(id, spec);
    return { ...known, nics: known.nics.filter((nic) => nic.mac !== mac) };
  };
  if (!plugged) {
    storeDevices(context, id, { spec, event: detached(mac) });
    return { changed: true, note: null };
  }

  refuseUnplugged(context, vm, 'hotplugNic');
  let note: string | null = null;
  await supervisor.plug(async (vmm, signal) => {
    const removal = await vmm.detachNic(mac, { signal });
    const present = storedVm(context, id).run?.nics.some((nic) => nic.mac === mac) === true;
    note = removal === 'pending' && present ? pendingNote(`NIC ${mac}`) : null;
    storeDevices(context, id, { spec, event: note === null ? null : { type: 'device-removal-pending', message: note, detail: { mac } } });
    if (note === null) await nicRemoved(context, id, mac);
  });
  return { changed: true, note };
}

/** The guest has let go of a NIC: its TAP goes, where it is ours. Idempotent. */
export async function nicRemoved(context: EngineContext, id: VmId, mac: string): Promise<void> {
  const nic = storedVm(context, id).run?.nics.find((plugged) => plugged.mac === mac);
  if (!nic) return;
  const run = (run: StoredRun): StoredRun => ({ ...run, nics: run.nics.filter((plugged) => plugged.mac !== mac) });
  storeDevices(context, id, { run, event: detached(mac) });
  await context.network.release(id, { tap: nic.tap });
}

const detached = (mac: string) => ({ type: 'nic-detached' as const, message: `NIC ${mac} detached`, detail: { mac } });

const macsOf = (vm: StoredVm): string[] => [
  ...vm.spec.nics.map((nic, index) => macOf(vm.id, nic, index)),
  ...(vm.run?.live ? vm.run.nics.map((nic) => nic.mac) : []),
];

const maxNics = 8;

function refuseAttached(vm: StoredVm, nic: { tap: string | null; mac: string | null }): void {
  const taps = vm.spec.nics.map((other) => other.tap);
  const twice = (nic.mac !== null && macsOf(vm).includes(nic.mac)) || (nic.tap !== null && taps.includes(nic.tap));
  if (twice) throw new MvirtError({ code: 'NIC_ATTACHED', message: `VM ${vmLabel(vm)} has a NIC ${nic.mac ?? `on ${nic.tap}`} already` });
  if (vm.spec.nics.length >= maxNics)
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `nics: VM ${vmLabel(vm)} has ${maxNics} already, and more are not possible` });
}
