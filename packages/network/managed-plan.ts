import { MvirtError } from '@mvirt/domain';
import type { ProcessIdentity } from '@mvirt/host';
import { dnsmasqText, type ServerFiles } from './dnsmasq-text.ts';
import { bridgeLinkLocal, type Gateway, type ManagedNetwork, networkNames } from './managed.ts';
import { natTable, replaceNat } from './nat-text.ts';
import { bridgeWords, guardStep, kindInWords, type Link, quietSteps, removeBridge, type Step } from './plan.ts';

/** What the host shows of a network, and of what it needs. */
export type PresentNetwork = {
  links: readonly Link[];
  /** Of the network's bridge, as ADDRESS/LENGTH. */
  addresses: readonly string[];
  /** null: this kernel has none of that family. */
  forwarding: { ipv4: boolean | null; ipv6: boolean | null };
  /** Interfaces whose route comes from a router's advertisements, which a host that forwards would stop taking. */
  advertised: readonly string[];
  /** The network's table as nft lists it; null: none. */
  nat: string | null;
  /** nft's own listing of the table that this network wants, where it was seen right after it was made. */
  natSeen: string | null;
  guarded: readonly string[];
  /** The living server, with the configuration that it was started with. */
  server: { process: ProcessIdentity; config: string } | null;
  /** Whether the network's folder is there. */
  folder: boolean;
};

export type ManagedSurroundings = {
  bridgeMac: string;
  /** Whom dnsmasq becomes. */
  serverUser: string;
  files: ServerFiles;
  /** argv before dnsmasq's own: what takes rights away from it. */
  fewRights: string[];
  /** Whether /proc/sys can be written. */
  sysctl: boolean;
};

const normal = (listing: string): string => listing.replace(/\s+/g, ' ').trim();

/** wanted − present. @throws NETWORK_ERROR where something else has the bridge's name, or forwarding is off and cannot be switched on */
export function planNetwork(network: ManagedNetwork, present: PresentNetwork, host: ManagedSurroundings): Step[] {
  const { bridge, ipv4, ipv6 } = networkNames(network);
  const link = present.links.find(({ name }) => name === bridge);
  if (link !== undefined) checkOurs(network, link);
  return [
    ...bridgeSteps(network, link, present, host),
    ...forwardingSteps({ ipv4, ipv6 }, present, host),
    ...natSteps(network, present),
    ...portSteps(network, present, link === undefined),
    ...serverSteps(network, present, host, link === undefined),
  ];
}

/** Only what is there. */
export function planNetworkRemoval(network: ManagedNetwork, present: PresentNetwork, host: Pick<ManagedSurroundings, 'files'>): Step[] {
  const { bridge, table } = networkNames(network);
  const link = present.links.find(({ name }) => name === bridge);
  const ours = link !== undefined && isOurs(network, link);
  return [
    ...(present.server === null ? [] : [endServer(network, present.server.process)]),
    ...(present.nat === null ? [] : [{ do: ['nft', 'delete', 'table', 'inet', table], undo: null, why: `removing the rules of the network ${network.name}` }]),
    ...(ours ? [{ do: removeBridge(bridge), undo: null, why: `removing the bridge ${bridge}` }] : []),
    ...(present.folder ? [{ do: ['rm', '-r', '--', host.files.folder], undo: null, why: `removing the leases of the network ${network.name}` }] : []),
  ];
}

const isOurs = (network: ManagedNetwork, link: Link): boolean => link.kind === 'bridge' && link.alias === networkNames(network).alias;

function checkOurs(network: ManagedNetwork, link: Link): void {
  if (isOurs(network, link)) return;
  const what = link.kind === 'bridge' ? "a bridge that is not this network's" : kindInWords(link);
  throw new MvirtError({
    code: 'NETWORK_ERROR',
    message: `the name ${link.name}, which network ${network.name} needs, is taken by ${what}`,
    hint: `if nobody needs it: ip link del dev ${link.name}; or use it as it is: --network bridge:${link.name}`,
  });
}

function bridgeSteps(network: ManagedNetwork, link: Link | undefined, present: PresentNetwork, host: ManagedSurroundings): Step[] {
  const { bridge, alias, ipv4, ipv6 } = networkNames(network);
  const wanted = [
    ...withLength(ipv4),
    // A bridge has no carrier until something is plugged in: an address that waits for it could not be served on.
    ...(ipv6 === null ? [] : [...withLength(ipv6), `${bridgeLinkLocal}/64`]),
  ];
  const missing = link === undefined ? wanted : wanted.filter((address) => !present.addresses.includes(address));
  const make: Step = {
    do: ['ip', '-batch', '-'],
    input: `${bridgeWords(bridge, host.bridgeMac).join(' ')}\nlink set dev ${bridge} alias ${alias}\n`,
    undo: removeBridge(bridge),
    why: `making the bridge ${bridge}`,
  };
  const quiet = quietSteps(bridge, { ipv6: present.forwarding.ipv6 !== null, sysctl: host.sysctl });
  const steps: Step[] = link === undefined ? [make, ...quiet] : [];
  if (missing.length > 0) {
    const lines = missing.map((address) => `address replace ${address} dev ${bridge}${address.includes(':') ? ' nodad' : ''}\n`);
    steps.push({ do: ['ip', '-batch', '-'], input: lines.join(''), undo: null, why: `giving the host its addresses on ${bridge}` });
  }
  if (link?.up !== true) steps.push({ do: ['ip', 'link', 'set', 'dev', bridge, 'up'], undo: null, why: `bringing up the bridge ${bridge}` });
  return steps;
}

const withLength = (gateway: Gateway | null): string[] => (gateway === null ? [] : [`${gateway.address}/${gateway.prefix.length}`]);

const sysctls = { ipv4: '/proc/sys/net/ipv4/ip_forward', ipv6: '/proc/sys/net/ipv6/conf/all/forwarding' } as const;

function forwardingSteps(gateways: Record<'ipv4' | 'ipv6', Gateway | null>, present: PresentNetwork, host: ManagedSurroundings): Step[] {
  const off = (['ipv4', 'ipv6'] as const).filter((family) => gateways[family] !== null && present.forwarding[family] === false);
  if (off.length > 0 && !host.sysctl) {
    throw new MvirtError({
      code: 'NETWORK_ERROR',
      message: `forwarding is off and cannot be switched on: ${off.map((family) => sysctls[family]).join(' and ')} cannot be written`,
      hint: 'switch it on where /proc/sys can be written: sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1',
    });
  }
  const set = (path: string, value: string, before: string, why: string): Step => ({
    do: ['tee', path],
    input: value,
    undo: ['tee', path],
    undoInput: before,
    why,
  });
  const keep = off.includes('ipv6') ? present.advertised : [];
  return [
    // A host that forwards ignores advertisements, unless told otherwise: its own way out must stay.
    ...keep.map((link) => set(`/proc/sys/net/ipv6/conf/${link}/accept_ra`, '2', '1', `keeping the IPv6 route that ${link} gets from its router`)),
    ...off.map((family) => set(sysctls[family], '1', '0', `letting the host forward ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`)),
  ];
}

function natSteps(network: ManagedNetwork, { nat, natSeen }: PresentNetwork): Step[] {
  if (nat !== null && (normal(nat) === normal(natTable(network)) || nat === natSeen)) return [];
  const undo = nat === null ? ['nft', 'delete', 'table', 'inet', networkNames(network).table] : null;
  return [{ do: ['nft', '-f', '-'], input: replaceNat(network), undo, why: `translating and guarding the way out of the network ${network.name}` }];
}

/** TAPs of VMs that run: back on a bridge that was made anew, back under guard. */
function portSteps(network: ManagedNetwork, { links, guarded }: PresentNetwork, bridgeIsNew: boolean): Step[] {
  const { bridge } = networkNames(network);
  return network.ports.flatMap((port) => {
    const link = links.find(({ name, kind }) => name === port.tap && kind === 'tap');
    if (link === undefined) return [];
    const guard = network.spoofGuard && !guarded.includes(port.tap) ? [guardStep({ subnet: network.ipv6 }, port)] : [];
    const plug: Step = {
      do: ['ip', 'link', 'set', 'dev', port.tap, 'master', bridge, 'up'],
      undo: null,
      why: `putting the TAP ${port.tap} on the bridge ${bridge}`,
    };
    return [...guard, ...(bridgeIsNew || link.master !== bridge || !link.up ? [plug] : [])];
  });
}

function serverSteps(network: ManagedNetwork, { server, folder }: PresentNetwork, host: ManagedSurroundings, bridgeIsNew: boolean): Step[] {
  if (network.ipv4 === null && network.ipv6 === null) return [];
  const { files, serverUser, fewRights } = host;
  const config = dnsmasqText(network, files, serverUser);
  if (server !== null && server.config === config && !bridgeIsNew) return [];
  const make: Step = {
    do: ['mkdir', '-p', '-m', '0700', files.folder],
    undo: ['rm', '-r', '--', files.folder],
    why: `making the folder of the network ${network.name}`,
  };
  return [
    ...(folder ? [] : [make]),
    ...(server === null ? [] : [endServer(network, server.process)]),
    { do: ['tee', files.config], input: config, undo: null, why: `writing the server's configuration of the network ${network.name}` },
    { do: [...fewRights, 'dnsmasq', `--conf-file=${files.config}`], undo: null, why: `starting the server of the network ${network.name}` },
  ];
}

const endServer = (network: ManagedNetwork, process: ProcessIdentity): Step => ({
  do: ['kill', `${process.pid}`],
  undo: null,
  end: process,
  why: `ending the server of the network ${network.name}`,
});
