import { vmNameSchema } from '@mvirt/domain';
import type { ManagedNetwork, NetworkHost } from '@mvirt/network';
import type { StoredNetwork, StoredVm } from '@mvirt/store';
import { type KeptNic, keptOn } from './nic-addresses.ts';

/** A network as the host is to have it, for the VMs that there are. held: NICs that are being plugged in. */
export function wantedNetwork(network: StoredNetwork, vms: readonly StoredVm[], held: readonly KeptNic[] = []): ManagedNetwork {
  const stored = keptOn(network.name, vms);
  const kept = [...stored, ...held.filter(({ nic }) => !stored.some((other) => other.nic.mac === nic.mac))];
  const { name, ipv4, ipv6, spoofGuard } = network;
  const ports = kept.flatMap(({ vm, nic, on }) => {
    const plugged = vm.run?.live ? vm.run.nics.find(({ mac }) => mac === nic.mac) : undefined;
    return plugged === undefined ? [] : [{ tap: plugged.tap, mac: plugged.mac, ipv4: on.ipv4, ipv6: on.ipv6 }];
  });
  return { name, ipv4, ipv6, spoofGuard, hosts: hostsOf(kept), ports };
}

/** A name stands for one NIC: the first of the oldest VM that has it. */
function hostsOf(kept: readonly KeptNic[]): NetworkHost[] {
  const named = new Set<string>();
  const oldestFirst = kept.toSorted((a, b) => a.vm.createdAtMs - b.vm.createdAtMs);
  const hosts = oldestFirst.flatMap(({ vm, nic, on }) => {
    if (nic.mac === null) return [];
    const name = vm.name !== null && vmNameSchema.safeParse(vm.name).success && !named.has(vm.name) ? vm.name : null;
    if (name !== null) named.add(name);
    return [{ mac: nic.mac, ipv4: on.ipv4, ipv6: on.ipv6, name }];
  });
  // Whatever order VMs are read in: the server is started anew only for a change.
  return hosts.sort((a, b) => (a.mac < b.mac ? -1 : 1));
}
