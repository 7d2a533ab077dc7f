import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { MvirtError } from '@mvirt/domain';
import type { HostSystem, Programs } from '@mvirt/host';
import { derivedMac, vmIdOfAlias } from '../names.ts';
import { planClaim, planPrepare, planRelease, type Surroundings } from '../plan.ts';
import type { Network } from '../port.ts';
import { applySteps } from './apply.ts';
import { createLock } from './lock.ts';
import { readLinks } from './read-links.ts';

export type LinuxNetworkDeps = {
  programs: Programs;
  system: Pick<HostSystem, 'rights'>;
  /** 1 to 15 characters, as the kernel takes them. */
  bridge: string;
  /** The user that VMMs run as: owner of our TAPs. */
  vmmUid: number;
};

/** Bridges and TAPs through `ip`, in the network namespace that the programs run in. @throws INVALID_ARGUMENT for a bad bridge name. */
export function createLinuxNetwork({ programs, system, bridge, vmmUid }: LinuxNetworkDeps): Network {
  if (!/^(?!\.{1,2}$)[A-Za-z0-9_.][A-Za-z0-9_.-]{0,14}$/.test(bridge)) {
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `${bridge} is no name for a bridge`, hint: 'use 1 to 15 of A-Z a-z 0-9 . _ -' });
  }
  // Plan and steps belong together: two VMs that start at once would both make the bridge.
  const lock = createLock();

  const rights = (): { taps: boolean; reason: string | null } => {
    const { netAdmin, tun } = system.rights();
    if (programs.find('ip') === null) return { taps: false, reason: 'the program ip is missing (Debian package iproute2)' };
    if (!netAdmin) return { taps: false, reason: 'the agent lacks CAP_NET_ADMIN: run it as root' };
    if (!tun) return { taps: false, reason: '/dev/net/tun does not open: it is missing, or not for this user' };
    return { taps: true, reason: null };
  };

  return {
    rights,
    async prepare(request, { signal }) {
      const { taps, reason } = rights();
      if (!taps && request.nics.some(({ tap }) => tap === null)) {
        const hint = 'run the agent as root, name a TAP that exists, or create the VM without a NIC';
        throw new MvirtError({ code: 'UNSUPPORTED', message: `no TAP can be made: ${reason}`, hint });
      }
      if (request.nics.length === 0) return [];
      return lock.run(async () => {
        const plan = planPrepare(request, await readLinks(programs, signal), surroundings(bridge, vmmUid));
        await applySteps(plan.steps, programs, signal);
        return plan.nics;
      });
    },
    async release(vmId, { tap, signal }) {
      await lock.run(async () => {
        const steps = planRelease(vmId, tap, await readLinks(programs, signal));
        for (const step of steps) {
          await applySteps([step], programs, signal).catch(async (error: unknown) => {
            // Gone by another hand meanwhile is as good.
            const left = planRelease(vmId, step.do.at(-1), await readLinks(programs));
            if (left.length > 0) throw error;
          });
        }
      });
    },
    async claim(vmId, { tap, signal }) {
      await lock.run(async () => applySteps(planClaim(vmId, tap, await readLinks(programs, signal)), programs, signal));
    },
    async present({ signal }) {
      const links = await readLinks(programs, signal);
      return links.flatMap(({ name, alias, kind, held }) => {
        const vmId = kind === 'tap' && alias !== null ? vmIdOfAlias(alias) : null;
        return vmId === null ? [] : [{ tap: name, vmId, held }];
      });
    },
  };
}

const sysctlFolder = '/proc/sys/net/ipv6/conf';

function surroundings(bridge: string, vmmUid: number): Surroundings {
  return {
    bridge,
    vmmUid,
    bridgeMac: derivedMac(`${machineId()}/${bridge}`, 0),
    ipv6: existsSync(sysctlFolder),
    sysctl: writable(`${sysctlFolder}/default/accept_ra`),
  };
}

/** Tells hosts on one Ethernet apart, the same after a reboot. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || hostname();
  } catch {
    // Not every system has one.
    return hostname();
  }
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    // Read-only or missing: that is the answer.
    return false;
  }
}
