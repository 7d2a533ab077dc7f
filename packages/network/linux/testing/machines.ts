import { createLinuxHost } from '@mvirt/host/linux';
import type { NetNamespace } from '@mvirt/testkit/net-namespace';
import type { LinuxManagedBench } from '@mvirt/testkit/network/linux-managed';
import { labNetwork as lab } from '@mvirt/testkit/network/managed-contract';
import { waitFor } from '@mvirt/testkit/wait-for';
import { guardTap, unguardTap } from '../../guard-text.ts';
import { tapName } from '../../names.ts';

/** A machine on `lab`, and what its network keeps for it. own: its link-local address. */
export type Machine = { tap: string; mac: string; ipv4: string; ipv6: string; own: string };

export const machine = (name: string, last: number): Machine => ({
  tap: tapName(name, 0),
  mac: `52:54:00:00:00:0${last}`,
  ipv4: `10.9.0.${last}`,
  ipv6: `fd12:3456:789a::${last}`,
  own: `fe80::5054:ff:fe00:${last}`,
});

const nft = async (bench: LinuxManagedBench, input: string): Promise<void> =>
  void (await bench.ns.programs(createLinuxHost().programs).run(['nft', '-f', '-'], { timeoutMs: 5000, input }));

/** Plugs it in as a VM's TAP is, guarded; its eth0 has the link-local address alone. */
export async function plugIn(bench: LinuxManagedBench, { tap, mac, ipv4, ipv6, own }: Machine): Promise<NetNamespace> {
  await nft(bench, guardTap(lab, { tap, mac, ipv4, ipv6 }));
  const ns = await bench.neighbour(tap);
  await bench.run(`ip link set eth0 down address ${mac}`, ns);
  await bench.run('ip link set eth0 up', ns);
  await bench.run(`ip link set ${tap} master mv-lab`);
  await waitFor('its own address', async () => {
    const shown = await bench.run('ip -6 address show dev eth0', ns);
    return shown.includes(`${own}/64`) && !shown.includes('tentative');
  });
  return ns;
}

export const unguard = async (bench: LinuxManagedBench, { tap }: Machine): Promise<void> =>
  nft(bench, unguardTap(tap, await bench.run(`nft list set bridge mvirt ${tap}`)));
