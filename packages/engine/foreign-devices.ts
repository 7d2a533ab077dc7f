import type { Disk, LaunchNic, Nic, VmId, VmSpec } from '@mvirt/domain';
import type { FoundNic } from '@mvirt/hypervisor';
import { isRustTap } from '@mvirt/network';
import type { EngineContext } from './context.ts';
import { storeDevices, storedVm } from './device-change.ts';

/**
 * What the VMM of another daemon has plugged in becomes its run's devices. A NIC of which the spec does not know the MAC, or
 * nothing at all, keeps its MAC over the next start; a TAP that the other daemon made for this VM becomes ours to remove.
 */
export async function devicesFound(context: EngineContext, id: VmId, { disks, nics }: { disks: Disk[]; nics: FoundNic[] }): Promise<void> {
  const vm = storedVm(context, id);
  if (!vm.run?.live) return;
  const placed = placeNics(id, vm.spec, nics);
  const news = placed.spec.filter((nic, index) => nic.mac !== (vm.spec.nics[index]?.mac ?? null)).map(({ mac }) => mac);
  storeDevices(context, id, {
    ...(news.length === 0 ? {} : { spec: (spec: VmSpec) => ({ ...spec, nics: placeNics(id, spec, nics).spec }) }),
    run: (run) => ({ ...run, disks, nics: placed.run }),
    event: news.length === 0 ? null : { type: 'changed', message: `its NIC keeps the MAC that it has: ${news.join(', ')}`, detail: { macs: news } },
  });
  claimDisks(context, id, disks);
  await claimTaps(context, id, vm.spec, nics);
}

/** By MAC, by TAP, and the others in their order. */
export function placeNics(id: VmId, spec: VmSpec, found: readonly FoundNic[]): { run: LaunchNic[]; spec: Nic[] } {
  const named = new Set(spec.nics.map(({ tap }) => tap));
  const left = [...found];
  const take = (matches: (nic: FoundNic) => boolean): FoundNic | null => {
    const at = left.findIndex(matches);
    return at < 0 ? null : (left.splice(at, 1)[0] ?? null);
  };
  const known = spec.nics.map(({ mac, tap }) => (mac === null && tap === null ? null : take((nic) => (mac === null ? nic.tap === tap : nic.mac === mac))));
  const places = spec.nics.map((nic, index) => {
    const unnamed = nic.mac === null && nic.tap === null && nic.vhostSocket === null;
    return known[index] ?? (unnamed ? take(({ tap }) => !named.has(tap)) : null);
  });
  const kept = spec.nics.map((nic, index): Nic => ({ ...nic, mac: nic.mac ?? places[index]?.mac ?? null }));
  const unknown = left.filter(({ tap }) => isRustTap(id, tap)).map(({ mac }): Nic => ({ tap: null, mac, vhostSocket: null, network: null }));
  const run = [...places, ...left].flatMap((nic, index) => (nic === null ? [] : [{ index, tap: nic.tap, mac: nic.mac }]));
  return { run, spec: [...kept, ...unknown] };
}

function claimDisks({ claims, log }: EngineContext, id: VmId, disks: readonly Disk[]): void {
  claims.drop(id);
  try {
    claims.take(id, disks);
  } catch (thrown) {
    log.error('two running VMs share a disk', { vm: id, error: String(thrown) });
  }
}

/** Proven: the VMM itself says that it uses the TAP, the name is the one that the Rust daemon gives it, and no client named it. */
async function claimTaps({ network, log }: EngineContext, id: VmId, spec: VmSpec, nics: readonly FoundNic[]): Promise<void> {
  const theirs = nics.filter(({ tap }) => isRustTap(id, tap) && !spec.nics.some((nic) => nic.tap === tap));
  for (const { tap } of theirs) {
    try {
      await network.claim(id, { tap });
    } catch (thrown) {
      log.warn(`TAP ${tap}, which another daemon made for this VM, stays behind after its end`, { vm: id, error: String(thrown) });
    }
  }
}
