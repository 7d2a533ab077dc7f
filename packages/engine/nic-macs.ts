import type { Nic, VmId, VmSpec } from '@mvirt/domain';
import { derivedMac } from '@mvirt/network';

/** The MAC of a NIC at this place in the spec. */
export const macOf = (id: VmId, nic: Nic, index: number): string => nic.mac ?? derivedMac(id, index);

/** A spec with every MAC written down, so that none changes when a NIC before it goes. */
export function withMacs(id: VmId, spec: VmSpec): VmSpec {
  return { ...spec, nics: spec.nics.map((nic, index) => ({ ...nic, mac: macOf(id, nic, index) })) };
}

/** A derived MAC that is not in use yet. */
export function freeMac(id: VmId, taken: readonly string[]): string {
  for (let index = 0; ; index++) {
    const mac = derivedMac(id, index);
    if (!taken.includes(mac)) return mac;
  }
}
