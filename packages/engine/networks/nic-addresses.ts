import { bridgeOf, MvirtError, type Nic, type NicNetwork, vmLabel } from '@mvirt/domain';
import { type Address, addressAt, contains, type Family, formatAddress, isForNics, nicPlaces, type Prefix, parseAddress, parsePrefix } from '@mvirt/network';
import type { StoredNetwork, StoredVm } from '@mvirt/store';
import type { EngineContext } from '../context.ts';

export type AddressBook = {
  networks: Pick<Map<string, StoredNetwork>, 'get'>;
  kept(network: string): readonly KeptNic[];
  /** Addresses that a network's server has given to others than NICs of VMs. */
  leased(network: string): readonly string[];
};

/**
 * NICs with the addresses that their networks keep for them from now on: those asked for, or free ones.
 * @throws NETWORK_NOT_FOUND, INVALID_ARGUMENT, ADDRESS_TAKEN
 */
export function keepAddresses(nics: readonly Nic[], book: AddressBook): Nic[] {
  const takenHere: { network: string; address: string }[] = [];
  return nics.map((nic) => {
    if (nic.network === null || bridgeOf(nic.network.name) !== null) return nic;
    const network = keepFor(nic.network, book, takenHere);
    takenHere.push(...addressesOf(network).map((address) => ({ network: network.name, address })));
    return { ...nic, network };
  });
}

/** As things are now; within a transaction that keeps what is chosen. */
export function addressBook({ store, managed, networks }: Pick<EngineContext, 'store' | 'managed' | 'networks'>): AddressBook {
  const kept = (network: string) => [...networks.held(network), ...keptOn(network, store.vms.list())];
  return {
    networks: new Map(store.networks.list().map((network) => [network.name, network] as const)),
    kept,
    leased(network) {
      const known = new Set(kept(network).map(({ nic }) => nic.mac));
      return managed.leases(network).flatMap(({ mac, address }) => (mac === null || known.has(mac) ? [] : [address]));
    },
  };
}

const addressesOf = ({ ipv4, ipv6 }: NicNetwork): string[] => [ipv4, ipv6].filter((address) => address !== null);

/** A NIC on a network, and the VM that it is, or is to be, one of. */
export type KeptNic = { vm: StoredVm; nic: Nic; on: NicNetwork };

/** All that is kept for NICs on a network. */
export function keptOn(network: string, vms: readonly StoredVm[]): KeptNic[] {
  return vms.flatMap((vm) => {
    const nics = new Map([...(vm.pendingSpec?.nics ?? []), ...vm.spec.nics].map((nic) => [nic.mac, nic] as const));
    return [...nics.values()].flatMap((nic) => (nic.network?.name === network ? [{ vm, nic, on: nic.network }] : []));
  });
}

function keepFor(asked: NicNetwork, { networks, kept, leased }: AddressBook, takenHere: readonly { network: string; address: string }[]): NicNetwork {
  const network = networks.get(asked.name);
  if (network === undefined) {
    throw new MvirtError({
      code: 'NETWORK_NOT_FOUND',
      message: `network: ${asked.name} does not exist`,
      hint: `mvirt network ls shows every network; mvirt network create ${asked.name} makes it`,
    });
  }
  const owners = new Map<string, string>();
  for (const { network: name, address } of takenHere) if (name === asked.name) owners.set(address, 'another NIC of this VM');
  for (const address of leased(asked.name)) owners.set(address, 'a machine that is no VM of mvirt');
  for (const { vm, on } of kept(asked.name)) for (const address of addressesOf(on)) owners.set(address, `VM ${vmLabel(vm)}`);
  const ipv4 = keepOne('ipv4', asked.ipv4, network, owners, null);
  // The same place in both subnets where that can be had: easy to tell apart for people.
  return { name: asked.name, ipv4, ipv6: keepOne('ipv6', asked.ipv6, network, owners, placeOf(ipv4, network.ipv4)) };
}

function keepOne(family: Family, asked: string | null, network: StoredNetwork, owners: ReadonlyMap<string, string>, liked: bigint | null): string | null {
  const prefix = network[family] === null ? null : parsePrefix(network[family]);
  if (asked !== null) return checkAsked(family, asked, network, prefix, owners);
  return prefix === null ? null : freeAddress(network, prefix, owners, liked);
}

function checkAsked(family: Family, text: string, network: StoredNetwork, prefix: Prefix | null, owners: ReadonlyMap<string, string>): string {
  const address = parseAddress(text);
  const refuse = (what: string) =>
    new MvirtError({
      code: 'INVALID_ARGUMENT',
      message: `ip: ${text} ${what}`,
      hint: `mvirt network show ${network.name} shows its subnets; without ip= one is chosen`,
    });
  if (prefix === null) throw refuse(`cannot be had: network ${network.name} has no ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`);
  if (address === null || !contains(prefix, address)) throw refuse(`is not in ${network[family]}, the subnet of network ${network.name}`);
  if (!isForNics(prefix, address)) throw refuse(`cannot be a NIC's: on network ${network.name} those are ${shown(prefix)}`);
  const canonical = formatAddress(address);
  const owner = owners.get(canonical);
  if (owner !== undefined) throw new MvirtError({ code: 'ADDRESS_TAKEN', message: `ip: ${canonical} on network ${network.name} is kept for ${owner}` });
  return canonical;
}

function shown(prefix: Prefix): string {
  const { first, end } = nicPlaces(prefix);
  return `${formatAddress(addressAt(prefix, first))} to ${formatAddress(addressAt(prefix, end - 1n))}`;
}

function freeAddress(network: StoredNetwork, prefix: Prefix, owners: ReadonlyMap<string, string>, liked: bigint | null): string {
  const { first, end } = nicPlaces(prefix);
  const at = (place: bigint): string => formatAddress(addressAt(prefix, place));
  if (liked !== null && liked >= first && liked < end && !owners.has(at(liked))) return at(liked);
  for (let place = first; place < end; place++) if (!owners.has(at(place))) return at(place);
  throw new MvirtError({
    code: 'ADDRESS_TAKEN',
    message: `network ${network.name} is full: all ${end - first} addresses of ${network[prefix.family]} are kept for NICs`,
    hint: 'delete VMs that are not needed, or make a network with a larger subnet: mvirt network create NAME --ipv4 SUBNET',
  });
}

function placeOf(address: string | null, subnet: string | null): bigint | null {
  const parsed: Address | null = address === null ? null : parseAddress(address);
  const prefix = subnet === null ? null : parsePrefix(subnet);
  return parsed === null || prefix === null ? null : parsed.value - prefix.base;
}
