import { expect, test } from 'bun:test';
import { createLinuxHost } from '@mvirt/host/linux';
import type { NetNamespace } from '@mvirt/testkit/net-namespace';
import { type LinuxManagedBench, lackingForNetworks, openLinuxManaged } from '@mvirt/testkit/network/linux-managed';
import { labNetwork as lab } from '@mvirt/testkit/network/managed-contract';
import { waitFor } from '@mvirt/testkit/wait-for';
import { guardTap, unguardTap } from '../guard-text.ts';
import { tapName } from '../names.ts';

const missing = lackingForNetworks();
if (missing !== null) console.log(`skip: ${missing}`);

/** A machine whose port on the bridge is guarded as a VM's TAP is. */
type Machine = { ns: NetNamespace; port: { tap: string; mac: string; ipv4: string; ipv6: string } };

type Room = LinuxManagedBench & {
  web: Machine;
  evil: Machine;
  nft(input: string): Promise<void>;
  /** Whether a machine, speaking as this address, is answered by the host. */
  reaches(machine: Machine, as: string): Promise<boolean>;
  /** Gives a machine an address beside its own. */
  take(machine: Machine, address: string): Promise<void>;
};

const host = { ipv4: '10.9.0.1', ipv6: 'fd12:3456:789a::1' };

function guarded(name: string, body: (room: Room) => Promise<void>): void {
  test.skipIf(missing !== null)(name, async () => {
    await using bench = await openLinuxManaged();
    await bench.managed.ensure(lab, {});
    const programs = bench.ns.programs(createLinuxHost().programs);
    const nft = async (input: string) => void (await programs.run(['nft', '-f', '-'], { timeoutMs: 5000, input }));
    const plug = async (id: string, last: number): Promise<Machine> => {
      const port = { tap: tapName(id, 0), mac: `52:54:00:00:00:0${last}`, ipv4: `10.9.0.${last}`, ipv6: `fd12:3456:789a::${last}` };
      await nft(guardTap(lab, port));
      const ns = await bench.neighbour(port.tap);
      await bench.run(`ip link set eth0 down address ${port.mac}`, ns);
      await bench.run('ip link set eth0 up', ns);
      await bench.run(`ip link set ${port.tap} master mv-lab`);
      await bench.run(`ip address add ${port.ipv4}/24 dev eth0`, ns);
      await bench.run(`ip address add ${port.ipv6}/64 dev eth0 nodad`, ns);
      return { ns, port };
    };
    await body({
      ...bench,
      nft,
      web: await plug('web', 7),
      evil: await plug('evil', 8),
      async reaches({ ns }, as) {
        const to = as.includes(':') ? host.ipv6 : host.ipv4;
        return bench.run(`ping -n -q -c 1 -W 1 -I ${as} ${to}`, ns).then(
          () => true,
          () => false,
        );
      },
      take: async ({ ns }, address) => void (await bench.run(`ip address replace ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`, ns)),
    });
    await bench.managed.remove(lab, {});
  });
}

guarded('what is a NIC its own gets through, over IPv4 and IPv6, to the host and to other VMs', async ({ web, evil, reaches, run }) => {
  for (const machine of [web, evil]) {
    expect(await reaches(machine, machine.port.ipv4)).toBe(true);
    expect(await reaches(machine, machine.port.ipv6)).toBe(true);
  }
  expect(await run('ping -n -q -c 1 -W 5 10.9.0.7', evil.ns)).toContain(' 0% packet loss');
  expect(await run('ping -n -q -c 1 -W 5 fd12:3456:789a::7', evil.ns)).toContain(' 0% packet loss');
});

guarded("nobody sends with another's MAC", async ({ web, evil, reaches, run }) => {
  await run(`ip link set eth0 down address ${web.port.mac}`, evil.ns);
  await run('ip link set eth0 up', evil.ns);
  await run(`ip address replace ${evil.port.ipv6}/64 dev eth0 nodad`, evil.ns);
  expect([await reaches(evil, evil.port.ipv4), await reaches(evil, evil.port.ipv6)]).toEqual([false, false]);
});

guarded("nobody sends as, or answers for, an IPv4 address that is not its NIC's", async ({ web, evil, reaches, take, run }) => {
  await take(evil, '10.9.0.7/24');
  await take(evil, '10.9.0.99/24');
  expect([await reaches(evil, '10.9.0.7'), await reaches(evil, '10.9.0.99')]).toEqual([false, false]);
  // The host asks who has web's address: only web is heard.
  await run('ip neighbour flush dev mv-lab');
  await run('ping -n -q -c 1 -W 5 10.9.0.7');
  expect(await run('ip neighbour show 10.9.0.7 dev mv-lab')).toContain(web.port.mac);
  await run('ip link set eth0 down', web.ns);
  await run('ip neighbour flush dev mv-lab');
  await expect(run('ping -n -q -c 1 -W 1 10.9.0.7')).rejects.toThrow();
});

guarded("kept IPv6 addresses, those that follow from a MAC, and the host's are nobody else's", async ({ web, evil, reaches, take }) => {
  const derived = 'fd12:3456:789a:0:5054:ff:fe00:7';
  for (const address of [web.port.ipv6, derived, 'fd12:3456:789a::99', 'fd12:3456:789a:0:5054:ff:fe00:99', 'fd99::8']) {
    await take(evil, `${address}/64`);
    expect([address, await reaches(evil, address)]).toEqual([address, false]);
  }
  await take(web, `${derived}/64`);
  expect(await reaches(web, derived)).toBe(true);
});

guarded('an IPv6 address that a guest made itself belongs to the first that uses it, until its NIC is gone', async (room) => {
  const { web, evil, reaches, take, run, nft } = room;
  const made = 'fd12:3456:789a:0:8d3a:91c2:77b4:1234';
  await take(web, `${made}/64`);
  expect(await reaches(web, made)).toBe(true);
  await take(evil, `${made}/64`);
  expect(await reaches(evil, made)).toBe(false);
  expect(await reaches(web, made)).toBe(true);
  // Nor is it heard when the host asks who has it.
  await run('ip link set eth0 down', web.ns);
  await run('ip -6 neighbour flush dev mv-lab');
  await expect(run(`ping -n -q -c 1 -W 1 ${made}`)).rejects.toThrow();
  // Rules that are made anew forget nothing.
  await nft(guardTap(lab, web.port));
  expect(await reaches(evil, made)).toBe(false);
  await nft(unguardTap(web.port.tap, await run(`nft list set bridge mvirt ${web.port.tap}`)));
  // The host has just given up on that address, and asks again only after a while.
  await waitFor('the address to be free', () => reaches(evil, made));
  // One that is only answered for is taken too.
  const quiet = 'fd12:3456:789a:0:8d3a:91c2:77b4:5678';
  await take(evil, `${quiet}/64`);
  expect(await run(`ping -n -q -c 1 -W 5 ${quiet}`)).toContain(' 0% packet loss');
  await nft(unguardTap(evil.port.tap, ''));
  expect(await run('nft list map bridge mvirt taps')).not.toContain('jump');
});

test.skipIf(missing !== null)('a TAP of a VM is guarded before it is up, and let go of when it is released', async () => {
  await using bench = await openLinuxManaged();
  await bench.managed.ensure(lab, {});
  const guard = { subnet: lab.ipv6, addresses: { ipv4: '10.9.0.7', ipv6: 'fd12:3456:789a::7' } };
  const nics = [
    { index: 0, tap: null, mac: '52:54:00:00:00:07', place: { bridge: 'mv-lab', guard } },
    { index: 1, tap: null, mac: '52:54:00:00:00:08', place: { bridge: 'mv-lab', guard: null } },
  ];
  const prepared = await bench.network.prepare({ vmId: 'web', nics }, {});
  const [first = '', second = ''] = prepared.map(({ tap }) => tap);
  expect(await bench.run('nft list map bridge mvirt taps')).toMatch(new RegExp(`elements = \\{ "${first}" : jump ${first} \\}`));
  for (const tap of [first, second]) expect(await bench.run(`ip -json link show dev ${tap}`)).toContain('"master":"mv-lab"');
  await bench.network.release('web', {});
  expect(await bench.run('nft list table bridge mvirt')).not.toContain(first);
  const missingBridge = bench.network.prepare({ vmId: 'web', nics: [{ index: 0, tap: null, mac: null, place: { bridge: 'nowhere', guard: null } }] }, {});
  await expect(missingBridge).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: 'the bridge nowhere does not exist' });
  await bench.managed.remove(lab, {});
});
