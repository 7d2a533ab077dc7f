import { MvirtError } from '@mvirt/domain';
import { derivedMac, tapAlias, tapName } from './names.ts';
import type { PreparedNic, PrepareNics } from './port.ts';

/** A network interface as the kernel shows it. kind: 'tap', else the kernel's own word ('bridge', 'veth'), null for hardware. */
/** held: it has a carrier, which a TAP has while a process holds it open. */
export type Link = { name: string; alias: string | null; kind: string | null; up: boolean; held: boolean };

/** One command. `undo` takes it back, where something is left to take back; `why` is for logs and errors. */
export type Step = { do: string[]; input?: string; undo: string[] | null; why: string };

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
  const prepared = nics.map((nic): PreparedNic => {
    const mac = nic.mac ?? derivedMac(vmId, nic.index);
    return { index: nic.index, tap: nic.tap ?? tapName(vmId, nic.index), mac, ours: nic.tap === null };
  });
  for (const { tap } of prepared.filter(({ ours }) => !ours)) checkClientTap(tap, present);
  const ours = prepared.filter((nic) => nic.ours);
  const steps = ours.length === 0 ? [] : [...bridgeSteps(present, host), ...ours.flatMap(({ tap }) => tapSteps(tap, vmId, present, host))];
  return { steps, nics: prepared };
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
  const make = ['ip', 'link', 'add', 'name', bridge, 'address', bridgeMac, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0'];
  const steps: Step[] = [{ do: make, undo: ['ip', 'link', 'del', 'dev', bridge, 'type', 'bridge'], why: `making the bridge ${bridge}` }];
  const quiet = { undo: null, why: `keeping the host out of IPv6 on ${bridge}` };
  // A guest's router advertisement must not give the host a route.
  if (ipv6 && sysctl) steps.push({ do: ['tee', `/proc/sys/net/ipv6/conf/${bridge}/accept_ra`], input: '0', ...quiet });
  if (ipv6) steps.push({ do: ['ip', 'link', 'set', 'dev', bridge, 'addrgenmode', 'none'], ...quiet });
  return [...steps, { ...up, undo: null }];
}

function tapSteps(tap: string, vmId: string, present: readonly Link[], { bridge, vmmUid, ipv6 }: Surroundings): Step[] {
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
    { do: ['ip', 'link', 'set', 'dev', tap, ...quiet, 'master', bridge, 'up'], undo: null, why: `putting the TAP ${tap} on the bridge ${bridge}` },
  ];
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

const kindInWords = ({ kind }: Link): string => (kind === null ? 'a network card' : `a ${kind} interface`);
