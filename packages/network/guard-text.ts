import { addressAt, eui64, formatAddress, linkLocal, type Prefix, parseAddress, parsePrefix } from './ip.ts';
import type { ManagedNetwork, NetworkPort } from './managed.ts';

/** The nftables table (family bridge) of the guards of all networks; a chain and a set for each guarded TAP, called as it. */
export const guardTable = 'mvirt';

/** An IPv6 address that a guest made itself is its own while it uses it, and so long after. */
const claimTime = '1h';
/** Addresses that one NIC may have at once: privacy extensions (RFC 8981) keep about ten. */
const maxClaims = 32;

/** Adds what all guards share, where it is not there yet. */
const base = `add table bridge ${guardTable}
add set bridge ${guardTable} claimed { typeof @nh,64,128; size 65535; flags dynamic,timeout; timeout ${claimTime}; }
add map bridge ${guardTable} taps { type ifname : verdict; }
add chain bridge ${guardTable} prerouting { type filter hook prerouting priority filter; policy accept; }
flush chain bridge ${guardTable} prerouting
add rule bridge ${guardTable} prerouting iifname vmap @taps
`;

/**
 * Holds a TAP to its MAC and addresses, in one transaction; made anew where it is there. IPv4: what is kept for the NIC.
 * IPv6: that, what follows from its MAC, and addresses that the guest makes itself, which belong to the first that uses
 * one; never another NIC's kept or derived one. VMs are no routers, no DHCP servers, and send no other protocol.
 */
export function guardTap(network: Pick<ManagedNetwork, 'ipv6'>, port: NetworkPort): string {
  const { tap, mac } = port;
  const prefix = network.ipv6 === null ? null : parsePrefix(network.ipv6);
  const prefixes = [linkLocal, ...(prefix === null ? [] : [prefix])];
  const kept = port.ipv6 === null ? null : parseAddress(port.ipv6);
  const own = [...prefixes.map((one) => eui64(one, mac)), ...(kept === null ? [] : [kept])];
  const rules = [
    `ether saddr != ${mac} drop`,
    'ether type != { ip, arp, ip6 } drop',
    `arp saddr ether != ${mac} drop`,
    `arp saddr ip != { ${ipv4Sources(port)} } drop`,
    `ip saddr != { ${ipv4Sources(port)} } drop`,
    'ether type ip udp sport 67 drop',
    'ether type ip6 udp sport 547 drop',
    'icmpv6 type { nd-router-advert, nd-redirect } drop',
    // Who answers for an address has it, or takes it.
    'ether type ip6 icmpv6 type nd-neighbor-advert @th,64,128 != @OWN jump ANSWER',
    // Whoever looks whether an address is free (RFC 4862) is about to take it.
    'ip6 saddr :: icmpv6 type nd-neighbor-solicit goto PROBE',
    'ip6 saddr :: return',
    'ether type ip6 @nh,64,128 @OWN update @OWN { @nh,64,128 timeout TIME } update @claimed { @nh,64,128 timeout TIME } return',
    'ether type ip6 @nh,64,128 @claimed drop',
    ...prefixes.flatMap((one) => reserved(one, '@nh,64,128')),
    ...prefixes.map((one) => `ip6 saddr ${formatAddress({ family: 'ipv6', value: one.base })}/${one.length} goto CLAIM`),
    'ether type ip6 drop',
  ];
  const claim = ['add @OWN { @nh,64,128 timeout TIME } add @claimed { @nh,64,128 timeout TIME } return', 'drop'];
  const answer = [
    '@th,64,128 @claimed drop',
    ...prefixes.flatMap((one) => reserved(one, '@th,64,128')),
    ...prefixes.map((one) => `@th,64,64 ${hex(one.base).slice(0, 18)} add @OWN { @th,64,128 timeout TIME } add @claimed { @th,64,128 timeout TIME } return`),
    'drop',
  ];
  const probe = ['@th,64,128 @OWN return', '@th,64,128 @claimed drop', ...prefixes.flatMap((one) => reserved(one, '@th,64,128'))];
  const add = (chain: string, lines: string[]): string =>
    lines
      .map((line) => `add rule bridge ${guardTable} ${chain} ${line}\n`)
      .join('')
      .replaceAll('OWN', tap)
      .replaceAll('TIME', claimTime)
      .replaceAll('PROBE', `${tap}-probe`)
      .replaceAll('CLAIM', `${tap}-claim`)
      .replaceAll('ANSWER', `${tap}-answer`);
  return `${base}${declare(tap)}add element bridge ${guardTable} ${tap} { ${own.map((address) => hex(address.value)).join(', ')} }
${add(`${tap}-claim`, claim)}${add(`${tap}-answer`, answer)}${add(`${tap}-probe`, probe)}${add(tap, rules)}add element bridge ${guardTable} taps { "${tap}" : jump ${tap} }
`;
}

/** Lets go of a TAP and what it claimed (as `nft list set` shows its set), in one transaction, whether it was guarded or not. */
export const unguardTap = (
  tap: string,
  listedSet: string,
): string => `${base}${release(listedSet)}${declare(tap)}add element bridge ${guardTable} taps { "${tap}" : jump ${tap} }
delete element bridge ${guardTable} taps { "${tap}" }
delete chain bridge ${guardTable} ${tap}
delete chain bridge ${guardTable} ${tap}-claim
delete chain bridge ${guardTable} ${tap}-probe
delete chain bridge ${guardTable} ${tap}-answer
delete set bridge ${guardTable} ${tap}
`;

/** Added first: an element that has expired meanwhile cannot be deleted. */
function release(listedSet: string): string {
  const claims = listedSet.match(/\b0x[0-9a-f]{32}\b/g) ?? [];
  if (claims.length === 0) return '';
  const elements = (words: string) => claims.map((claim) => `${claim}${words}`).join(', ');
  return `add element bridge ${guardTable} claimed { ${elements(` timeout ${claimTime}`)} }\ndelete element bridge ${guardTable} claimed { ${elements('')} }\n`;
}

/** The TAP's empty chains and its set. */
const declare = (tap: string): string =>
  [
    ...[tap, `${tap}-claim`, `${tap}-probe`, `${tap}-answer`].map(
      (chain) => `add chain bridge ${guardTable} ${chain}\nflush chain bridge ${guardTable} ${chain}\n`,
    ),
    `add set bridge ${guardTable} ${tap} { typeof @nh,64,128; size ${maxClaims}; flags dynamic,timeout; }\n`,
  ].join('');

/** A guest without an address yet asks from 0.0.0.0. */
const ipv4Sources = ({ ipv4 }: NetworkPort): string => (ipv4 === null ? '0.0.0.0' : `0.0.0.0, ${ipv4}`);

/** Addresses that are other NICs' or the host's: kept ones (the subnet's first 2^32), and those derived from a MAC. */
function reserved(prefix: Prefix, where: string): string[] {
  const last = addressAt(prefix, (1n << 32n) - 1n);
  return [`${where} ${hex(prefix.base)}-${hex(last.value)} drop`, `${where} & 0xffffff000000 == 0xfffe000000 drop`];
}

const hex = (value: bigint): string => `0x${value.toString(16).padStart(32, '0')}`;
