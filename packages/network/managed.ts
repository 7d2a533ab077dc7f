import { networkBridge, networkDomain } from '@mvirt/domain';
import { type Address, addressAt, formatAddress, linkLocal, type Prefix, parsePrefix, sizeOf } from './ip.ts';

/** A NIC that the network keeps addresses for; name: its VM's, where it is a host name and this NIC may have it. */
export type NetworkHost = { mac: string; ipv4: string | null; ipv6: string | null; name: string | null };

/** A NIC of a VM that runs: its TAP belongs on the bridge. */
export type NetworkPort = { tap: string; mac: string; ipv4: string | null; ipv6: string | null };

/** A network as the host is to have it. */
export type ManagedNetwork = {
  name: string;
  ipv4: string | null;
  ipv6: string | null;
  spoofGuard: boolean;
  hosts: NetworkHost[];
  ports: NetworkPort[];
};

/** What follows from a network's name and subnets. */
export type NetworkNames = {
  bridge: string;
  /** Marks the bridge as ours: no other is ever changed or removed. */
  alias: string;
  domain: string;
  /** The nftables table (family inet) of its address translation. */
  table: string;
  ipv4: Gateway | null;
  ipv6: Gateway | null;
};

/** The host's own address in the subnet, its first. */
export type Gateway = { prefix: Prefix; address: string };

export function networkNames({ name, ipv4, ipv6 }: Pick<ManagedNetwork, 'name' | 'ipv4' | 'ipv6'>): NetworkNames {
  return {
    bridge: networkBridge(name),
    alias: `mvirt-network:${name}`,
    domain: networkDomain(name),
    table: `mvirt-${name}`,
    ipv4: gatewayOf(ipv4),
    ipv6: gatewayOf(ipv6),
  };
}

/** The host's place in a subnet; NICs have the places after it. */
const gatewayPlace = 1n;

/** Beyond it IPv6 addresses are those that guests make themselves: no NIC is given one there. */
const ipv6Places = 1n << 32n;

function gatewayOf(subnet: string | null): Gateway | null {
  const prefix = subnet === null ? null : parsePrefix(subnet);
  return prefix === null ? null : { prefix, address: formatAddress(addressAt(prefix, gatewayPlace)) };
}

/** The places that NICs can have: the first and the one behind the last. */
export function nicPlaces(prefix: Prefix): { first: bigint; end: bigint } {
  return { first: gatewayPlace + 1n, end: prefix.family === 'ipv4' ? sizeOf(prefix) - 1n : ipv6Places };
}

/** Whether a NIC may be given this address of the subnet. */
export function isForNics(prefix: Prefix, { value }: Address): boolean {
  const { first, end } = nicPlaces(prefix);
  return value - prefix.base >= first && value - prefix.base < end;
}

/** The bridge's own link-local address: fixed, so that it is there at once whatever is plugged in. */
export const bridgeLinkLocal = formatAddress(addressAt(linkLocal, gatewayPlace));
