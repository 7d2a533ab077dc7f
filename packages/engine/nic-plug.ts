import {
  type EventDraft,
  invalid,
  type LaunchNic,
  MvirtError,
  type Nic,
  type NicNetwork,
  nicSchema,
  toNic,
  type VmId,
  type VmSpec,
  vmLabel,
} from '@mvirt/domain';
import type { Vmm } from '@mvirt/hypervisor';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { orNotThere, type PlugResult, pendingNote, plugPhase, storeDevices, storedVm, takeBack, undoForNobody } from './device-change.ts';
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
    await plugNic(context, id, vmm, { tap: nic.tap, mac, network: nic.network }, signal, () => storeDevices(context, id, change));
  });
  await undoForNobody(context, id, caller, () => detachNic(context, supervisor, id, mac));
  return { changed: true, note: null };
}

/** TAP, then the run's record, then the device, then the spec's; each undone where a later one fails, and by the next agent where this one dies. */
async function plugNic(
  context: EngineContext,
  id: VmId,
  vmm: Vmm,
  nic: { tap: string | null; mac: string; network: NicNetwork | null },
  signal: AbortSignal,
  keep: () => void,
): Promise<void> {
  const { store, network, networks } = context;
  await using undo = new AsyncDisposableStack();
  const taken = new Set(store.vms.get(id)?.run?.nics.map((other) => other.index));
  let index = 0;
  while (taken.has(index)) index++;
  const place = await networks.place(nic.network, { signal });
  const [prepared] = await network.prepare({ vmId: id, nics: [{ index, tap: nic.tap, mac: nic.mac, place }] }, { signal });
  if (!prepared) throw new MvirtError({ code: 'NETWORK_ERROR', message: `no TAP was made for NIC ${nic.mac}` });
  if (prepared.ours) undo.defer(() => context.taps.release(id, { tap: prepared.tap }));
  const plugged: LaunchNic = { index, tap: prepared.tap, mac: prepared.mac };
  storeDevices(context, id, { run: (run) => ({ ...run, nics: [...run.nics, plugged] }), event: null });
  undo.move(); // from here on the TAP goes with the record
  try {
    await vmm.attachNic(plugged, { signal });
    keep();
  } catch (thrown) {
    await takeBackNic(context, id, vmm, plugged.mac);
    throw thrown;
  }
}

/** A NIC that the run has and the spec lacks is asked for again; one that the guest never got is forgotten, with its TAP. Never throws. */
export async function takeBackNic(context: EngineContext, id: VmId, vmm: Vmm, mac: string): Promise<void> {
  await takeBack(context, id, mac, async () => {
    const isGone = await vmm.detachNic(mac, {}).then((removal) => removal === 'removed', orNotThere('NIC_NOT_FOUND'));
    if (isGone) await forgetNic(context, id, mac, null);
  });
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
    // As with a disk: first the spec, then the guest.
    const { nics } = storedVm(context, id).spec;
    storeDevices(context, id, { spec, event: null });
    const removal = await vmm.detachNic(mac, { signal }).catch(async (thrown) => {
      await takeBack(context, id, mac, async () => void storeDevices(context, id, { spec: (now) => ({ ...now, nics }), event: null }));
      throw thrown;
    });
    const present = storedVm(context, id).run?.nics.some((nic) => nic.mac === mac) === true;
    note = removal === 'pending' && present ? pendingNote(`NIC ${mac}`) : null;
    if (note === null) await nicRemoved(context, id, mac);
    else storeDevices(context, id, { event: { type: 'device-removal-pending', message: note, detail: { mac } } });
  });
  return { changed: true, note };
}

/** The guest has let go of a NIC: its TAP goes, where it is ours. Idempotent. */
export async function nicRemoved(context: EngineContext, id: VmId, mac: string): Promise<void> {
  await forgetNic(context, id, mac, detached(mac));
}

async function forgetNic(context: EngineContext, id: VmId, mac: string, event: EventDraft | null): Promise<void> {
  const nic = storedVm(context, id).run?.nics.find((plugged) => plugged.mac === mac);
  if (!nic) return;
  const run = (run: StoredRun): StoredRun => ({ ...run, nics: run.nics.filter((plugged) => plugged.mac !== mac) });
  storeDevices(context, id, { run, event });
  await context.taps.release(id, { tap: nic.tap });
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
