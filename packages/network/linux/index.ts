import { existsSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { HostSystem, Programs } from '@mvirt/host';
import { unguardTap } from '../guard-text.ts';
import type { ManagedNetworks } from '../managed-port.ts';
import { derivedMac, vmIdOfAlias } from '../names.ts';
import { planClaim, planPrepare, planRelease, type Surroundings } from '../plan.ts';
import type { Network } from '../port.ts';
import { applySteps } from './apply.ts';
import { createLock } from './lock.ts';
import { hostSeed } from './machine.ts';
import { createLinuxManagedNetworks, type LinuxManagedDeps } from './managed.ts';
import { readLinks } from './read-links.ts';
import { createNetworkReader } from './read-network.ts';
import { writable } from './writable.ts';

export type LinuxNetworkDeps = {
  programs: Programs;
  system: Pick<HostSystem, 'rights'>;
  /** 1 to 15 characters, as the kernel takes them. */
  bridge: string;
  /** The user that VMMs run as: owner of our TAPs. */
  vmmUid: number;
};

/** Both share what they plan from: one changes the host at a time. */
export function createLinuxNetworks(deps: LinuxNetworkDeps & { host: LinuxManagedDeps['host']; stateDir: string }): {
  network: Network;
  managed: ManagedNetworks;
} {
  const lock = createLock();
  const { programs, host, stateDir } = deps;
  return { network: createLinuxNetwork(deps, lock), managed: createLinuxManagedNetworks({ programs, host, stateDir, lock }) };
}

/** Bridges and TAPs through `ip`, in the network namespace that the programs run in. @throws INVALID_ARGUMENT for a bad bridge name. */
export function createLinuxNetwork({ programs, system, bridge, vmmUid }: LinuxNetworkDeps, lock = createLock()): Network {
  if (!/^(?!\.{1,2}$)[A-Za-z0-9_.][A-Za-z0-9_.-]{0,14}$/.test(bridge)) {
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `${bridge} is no name for a bridge`, hint: 'use 1 to 15 of A-Z a-z 0-9 . _ -' });
  }
  const rights = (): { taps: boolean; reason: string | null } => {
    const { netAdmin, tun } = system.rights();
    if (programs.find('ip') === null) return { taps: false, reason: 'the program ip is missing (Debian package iproute2)' };
    if (!netAdmin) return { taps: false, reason: 'the agent lacks CAP_NET_ADMIN: run it as root' };
    if (!tun) return { taps: false, reason: '/dev/net/tun does not open: it is missing, or not for this user' };
    return { taps: true, reason: null };
  };

  return {
    rights,
    // Plan and steps belong together, under the lock: two VMs that start at once would both make the bridge.
    async prepare(request, { signal }) {
      const { taps, reason } = rights();
      if (!taps && request.nics.some(({ tap }) => tap === null)) {
        const hint = 'run the agent as root, name a TAP that exists, or create the VM without a NIC';
        throw new MvirtError({ code: 'UNSUPPORTED', message: `no TAP can be made: ${reason}`, hint });
      }
      if (request.nics.length === 0) return [];
      return lock.run(async () => {
        const plan = planPrepare(request, await readLinks(programs, signal), surroundings(bridge, vmmUid));
        await applySteps(plan.steps, programs, signal && { signal });
        return plan.nics;
      });
    },
    async release(vmId, { tap, signal }) {
      await lock.run(async () => {
        const steps = planRelease(vmId, tap, await readLinks(programs, signal));
        for (const step of steps) {
          await applySteps([step], programs, signal && { signal }).catch(async (error: unknown) => {
            // Gone by another hand meanwhile is as good.
            const left = planRelease(vmId, step.do.at(-1), await readLinks(programs));
            if (left.length > 0) throw error;
          });
        }
        const removed = steps.flatMap((step) => step.do.at(-1) ?? []);
        if (removed.length > 0) await unguard(removed, programs, signal);
      });
    },
    async claim(vmId, { tap, signal }) {
      await lock.run(async () => applySteps(planClaim(vmId, tap, await readLinks(programs, signal)), programs, signal && { signal }));
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

/** Lets go of what guards hold; without nft nothing was ever guarded. */
async function unguard(taps: readonly string[], programs: Programs, signal: AbortSignal | undefined): Promise<void> {
  if (programs.find('nft') === null) return;
  const reader = createNetworkReader(programs, signal);
  const guarded = await reader.guarded();
  for (const tap of taps.filter((name) => guarded.includes(name))) {
    const input = unguardTap(tap, await reader.guardedAddresses(tap));
    await applySteps([{ do: ['nft', '-f', '-'], input, undo: null, why: `letting go of the TAP ${tap}` }], programs, signal && { signal });
  }
}

const sysctlFolder = '/proc/sys/net/ipv6/conf';

function surroundings(bridge: string, vmmUid: number): Surroundings {
  return {
    bridge,
    vmmUid,
    bridgeMac: derivedMac(`${hostSeed()}/${bridge}`, 0),
    ipv6: existsSync(sysctlFolder),
    sysctl: writable(`${sysctlFolder}/default/accept_ra`),
  };
}
