import { MvirtError } from '@mvirt/domain';
import type { ProcessIdentity } from '@mvirt/host';
import { guardTap, unguardTap } from './guard-text.ts';
import { derivedMac, tapAlias, tapName } from './names.ts';
import type { NicPlace, PreparedNic, PrepareNics } from './port.ts';

/** A network interface as the kernel shows it. kind: 'tap', else the kernel's own word ('bridge', 'veth'), null for hardware. */
/** held: it has a carrier, which a TAP has while a process holds it open. */
export type Link = { name: string; alias: string | null; kind: string | null; up: boolean; held: boolean; master: string | null };

/** One command. `undo` takes it back (with undoInput as its input), where something is left to take back; `why` is for logs and errors. */
export type Step = {
  do: string[];
  input?: string;
  undo: string[] | null;
  undoInput?: string;
  why: string;
  /** Instead of the command: this process is asked to end, and made to. */
  end?: ProcessIdentity;
};

export type Surroundings = {
  bridge: string;
  /** For a bridge that is made: a fixed MAC, since it would else change with its ports and guests would lose it. */
  bridgeMac: string;
  /** Who opens our TAPs. */
  vmmUid: number;
  /** false: this kernel runs without IPv6. */
  ipv6: boolean;
  /** Whether router advertisements can be switched off: /proc/sys may be read-only. */
  sysctl: boolean;
};

/** What is missing until a VM's NICs are ready (wanted − present), and the NICs. @throws NETWORK_ERROR */
export function planPrepare({ vmId, nics }: PrepareNics, present: readonly Link[], host: Surroundings): { steps: Step[]; nics: PreparedNic[] } {
  const placed = nics.map((nic) => {
    const mac = nic.mac ?? derivedMac(vmId, nic.index);
    const prepared: PreparedNic = { index: nic.index, tap: nic.tap ?? tapName(vmId, nic.index), mac, ours: nic.tap === null };
    return { prepared, place: nic.place ?? null };
  });
  for (const { prepared } of placed) if (!prepared.ours) checkClientTap(prepared.tap, present);
  const ours = placed.filter(({ prepared }) => prepared.ours);
  for (const { place } of ours) if (place !== null) checkBridge(place.bridge, present);
  const steps = [
    ...(ours.some(({ place }) => place === null) ? bridgeSteps(present, host) : []),
    ...ours.flatMap(({ prepared, place }) => tapSteps(prepared, place, vmId, present, host)),
  ];
  return { steps, nics: placed.map(({ prepared }) => prepared) };
}

/** TAPs of this VM, by alias and kind; `tap` limits them to one. */
export function planRelease(vmId: string, tap: string | undefined, present: readonly Link[]): Step[] {
  const ours = present.filter((link) => isOurs(link, vmId) && (tap === undefined || link.name === tap));
  return ours.map(({ name }) => removeTap(name));
}

/** Our ifalias for a TAP that carries none. */
export function planClaim(vmId: string, tap: string, present: readonly Link[]): Step[] {
  const nobodys = present.some(({ name, kind, alias }) => name === tap && kind === 'tap' && alias === null);
  return nobodys ? [{ do: ['ip', 'link', 'set', 'dev', tap, 'alias', tapAlias(vmId)], undo: null, why: `taking over the TAP ${tap}` }] : [];
}

function bridgeSteps(present: readonly Link[], { bridge, bridgeMac, ipv6, sysctl }: Surroundings): Step[] {
  const link = present.find(({ name }) => name === bridge);
  const up: Step = {
    do: ['ip', 'link', 'set', 'dev', bridge, 'up'],
    undo: ['ip', 'link', 'set', 'dev', bridge, 'down'],
    why: `bringing up the bridge ${bridge}`,
  };
  if (link?.kind === 'bridge') return link.up ? [] : [up];
  if (link !== undefined) {
    const hint = 'choose another name with --bridge';
    throw new MvirtError({ code: 'NETWORK_ERROR', message: `${bridge} is no bridge but ${kindInWords(link)}`, hint });
  }
  const make: Step = { do: ['ip', ...bridgeWords(bridge, bridgeMac)], undo: removeBridge(bridge), why: `making the bridge ${bridge}` };
  return [make, ...quietSteps(bridge, { ipv6, sysctl }), { ...up, undo: null }];
}

/** Of ip: how we make a bridge, which forwards from the first moment on. */
export const bridgeWords = (bridge: string, mac: string): string[] => [
  'link',
  'add',
  'name',
  bridge,
  'address',
  mac,
  'type',
  'bridge',
  'stp_state',
  '0',
  'forward_delay',
  '0',
];

export const removeBridge = (bridge: string): string[] => ['ip', 'link', 'del', 'dev', bridge, 'type', 'bridge'];

/** The host gives itself no IPv6 address on a bridge of ours, and takes no route from it. */
export function quietSteps(bridge: string, { ipv6, sysctl }: Pick<Surroundings, 'ipv6' | 'sysctl'>): Step[] {
  const quiet = { undo: null, why: `keeping the host out of IPv6 on ${bridge}` };
  const steps: Step[] = [];
  // A guest's router advertisement must not give the host a route.
  if (ipv6 && sysctl) steps.push({ do: ['tee', `/proc/sys/net/ipv6/conf/${bridge}/accept_ra`], input: '0', ...quiet });
  if (ipv6) steps.push({ do: ['ip', 'link', 'set', 'dev', bridge, 'addrgenmode', 'none'], ...quiet });
  return steps;
}

function tapSteps({ tap, mac }: PreparedNic, place: NicPlace | null, vmId: string, present: readonly Link[], host: Surroundings): Step[] {
  const { vmmUid, ipv6 } = host;
  const bridge = place?.bridge ?? host.bridge;
  const link = present.find(({ name }) => name === tap);
  if (link !== undefined && !isOurs(link, vmId)) {
    const message = `the name ${tap} is taken by ${kindInWords(link)} that is not this VM's`;
    throw new MvirtError({ code: 'NETWORK_ERROR', message, hint: `if nobody needs it: ip link del dev ${tap}` });
  }
  // Left by an earlier run: made anew, so that its owner and all else are right.
  const stale = link === undefined ? [] : [removeTap(tap)];
  const quiet = ipv6 ? ['addrgenmode', 'none'] : [];
  return [
    ...stale,
    // Made and marked by one program, which outlives us: no end of ours leaves a TAP that nobody knows as ours.
    {
      do: ['ip', '-batch', '-'],
      input: `tuntap add dev ${tap} mode tap user ${vmmUid}\nlink set dev ${tap} alias ${tapAlias(vmId)}\n`,
      undo: ['ip', 'link', 'del', 'dev', tap],
      why: `making the TAP ${tap}`,
    },
    // Before it is up: nothing passes unguarded.
    ...(place?.guard ? [guardStep(place.guard, { tap, mac, ...place.guard.addresses })] : []),
    { do: ['ip', 'link', 'set', 'dev', tap, ...quiet, 'master', bridge, 'up'], undo: null, why: `putting the TAP ${tap} on the bridge ${bridge}` },
  ];
}

/** Holds a TAP to its MAC and addresses. */
export const guardStep = (guard: { subnet: string | null }, port: Parameters<typeof guardTap>[1]): Step => ({
  do: ['nft', '-f', '-'],
  input: guardTap({ ipv6: guard.subnet }, port),
  undo: ['nft', '-f', '-'],
  undoInput: unguardTap(port.tap, ''),
  why: `guarding the TAP ${port.tap}`,
});

/** A bridge that is somebody else's, or a network's that was made before. */
function checkBridge(bridge: string, present: readonly Link[]): void {
  const link = present.find(({ name }) => name === bridge);
  if (link?.kind === 'bridge') return;
  const message = link === undefined ? `the bridge ${bridge} does not exist` : `${bridge} is no bridge but ${kindInWords(link)}`;
  throw new MvirtError({ code: 'NETWORK_ERROR', message, hint: 'ip -brief link show type bridge lists the bridges of this host' });
}

function checkClientTap(tap: string, present: readonly Link[]): void {
  const link = present.find(({ name }) => name === tap);
  if (link?.kind === 'tap') return;
  const message = link === undefined ? `the TAP ${tap} does not exist` : `${tap} is no TAP but ${kindInWords(link)}`;
  const hint = 'make it before the VM starts (ip tuntap add dev NAME mode tap), or leave the name out: the agent then makes one';
  throw new MvirtError({ code: 'NETWORK_ERROR', message, hint });
}

const isOurs = (link: Link, vmId: string): boolean => link.kind === 'tap' && link.alias === tapAlias(vmId);

const removeTap = (tap: string): Step => ({ do: ['ip', 'link', 'del', 'dev', tap], undo: null, why: `removing the TAP ${tap}` });

export const kindInWords = ({ kind }: Link): string => (kind === null ? 'a network card' : `a ${kind} interface`);
