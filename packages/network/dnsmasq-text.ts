import { addressAt, formatAddress, netmask, type Prefix } from './ip.ts';
import { type ManagedNetwork, networkNames, nicPlaces } from './managed.ts';

/** Absolute paths of one network's server. */
export type ServerFiles = { folder: string; config: string; leases: string; pid: string; log: string };

export function serverFiles(stateDir: string, name: string): ServerFiles {
  const folder = `${stateDir}/${name}`;
  return { folder, config: `${folder}/dnsmasq.conf`, leases: `${folder}/leases`, pid: `${folder}/dnsmasq.pid`, log: `${folder}/dnsmasq.log` };
}

const leaseTime = '1h';
/** Addresses at most that DHCPv6 gives beyond those that are kept for NICs. */
const ipv6PoolSize = 0xffffn;

/**
 * The whole configuration of a network's dnsmasq (dnsmasq(8), 2.80 or later): DHCPv4, DHCPv6, router advertisements, DNS.
 * Addresses are kept by MAC, whatever client id a guest sends. user: whom it becomes once its sockets are open.
 */
export function dnsmasqText(network: ManagedNetwork, files: ServerFiles, user: string): string {
  const { bridge, domain, ipv4, ipv6 } = networkNames(network);
  const lines = [
    '# Made by mvirt: changes are lost.',
    `interface=${bridge}`,
    'except-interface=lo',
    'bind-interfaces',
    `user=${user}`,
    // In a user namespace that maps root alone groups cannot be changed at all: without a name it keeps its own.
    ...(user === 'root' ? ['group'] : []),
    `pid-file=${files.pid}`,
    `log-facility=${files.log}`,
    'no-hosts',
    'domain-needed',
    `domain=${domain}`,
    `local=/${domain}/`,
    `dhcp-leasefile=${files.leases}`,
    `dhcp-lease-max=${ipv6PoolSize}`,
    'dhcp-authoritative',
    'dhcp-no-override',
    // A guest calls itself what it likes: only the names of VMs are names.
    'dhcp-ignore-names',
    // An address is kept for one MAC: asking the whole network for it would cost each boot three seconds.
    'no-ping',
    'quiet-dhcp',
    'quiet-dhcp6',
    'quiet-ra',
    ...(ipv4 === null ? [] : [`dhcp-range=${range(ipv4.prefix, nicPlaces(ipv4.prefix).end - 1n)},${netmask(ipv4.prefix)},${leaseTime}`]),
    ...(ipv6 === null ? [] : ['enable-ra', `dhcp-range=${range(ipv6.prefix, ipv6PoolSize)},slaac,${ipv6.prefix.length},${leaseTime}`]),
    ...network.hosts.flatMap((host) => {
      const addresses = [host.ipv4, host.ipv6 === null ? null : `[${host.ipv6}]`].filter((address) => address !== null);
      return addresses.length === 0 ? [] : [`dhcp-host=${[host.mac, ...addresses, ...(host.name === null ? [] : [host.name])].join(',')}`];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

const range = (prefix: Prefix, last: bigint): string =>
  `${formatAddress(addressAt(prefix, nicPlaces(prefix).first))},${formatAddress(addressAt(prefix, last))}`;
