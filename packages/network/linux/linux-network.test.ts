import { expect, test } from 'bun:test';
import type { Programs } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import { labNetwork } from '@mvirt/testkit/network/managed-contract';
import { createLinuxNetwork, createLinuxNetworks } from './index.ts';

const vmId = 'web1';
const programs = (ip: string | null): Programs & { calls: string[][] } => {
  const calls: string[][] = [];
  return {
    calls,
    find: () => ip,
    run: async (argv) => {
      calls.push(argv);
      return { stdout: '[{"ifname":"mytap","linkinfo":{"info_kind":"tun","info_data":{"type":"tap"}}}]', stderr: '' };
    },
  };
};
const system = (netAdmin: boolean, tun: boolean) => ({ rights: () => ({ uid: 1000, netAdmin, tun, kvm: true }) });

test.each([
  [true, true, '/usr/sbin/ip', null],
  [false, true, '/usr/sbin/ip', 'the agent lacks CAP_NET_ADMIN: run it as root'],
  [true, false, '/usr/sbin/ip', '/dev/net/tun does not open: it is missing, or not for this user'],
  [true, true, null, 'the program ip is missing (Debian package iproute2)'],
])('rights: CAP_NET_ADMIN %p, /dev/net/tun %p, ip %p: %p', (netAdmin, tun, ip, reason) => {
  const network = createLinuxNetwork({ programs: programs(ip), system: system(netAdmin, tun), bridge: 'br0', vmmUid: 0 });
  expect(network.rights()).toEqual({ taps: reason === null, reason });
});

test("without rights our own TAPs are refused with the reason; a client's TAP and a VM without NICs are not", async () => {
  const fake = programs('/usr/sbin/ip');
  const network = createLinuxNetwork({ programs: fake, system: system(false, true), bridge: 'br0', vmmUid: 0 });
  const refused = network.prepare({ vmId, nics: [{ index: 0, tap: null, mac: null }] }, {});
  await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED', message: 'no TAP can be made: the agent lacks CAP_NET_ADMIN: run it as root' });
  expect(await network.prepare({ vmId, nics: [] }, {})).toEqual([]);
  expect(fake.calls).toEqual([]);
  expect(await network.prepare({ vmId, nics: [{ index: 0, tap: 'mytap', mac: null }] }, {})).toMatchObject([{ tap: 'mytap', ours: false }]);
});

test('without rights no network is planned, made or looked at', async () => {
  const fake = programs('/usr/sbin/ip');
  const host = { ...createLinuxHost(), system: { ...createLinuxHost().system, ...system(false, true) } };
  const { managed } = createLinuxNetworks({ programs: fake, host, system: host.system, bridge: 'br0', vmmUid: 0, stateDir: '/nowhere' });
  const why = 'the agent lacks CAP_NET_ADMIN';
  const hint = 'run the agent as root, or use a bridge that is there: --network bridge:NAME';
  const refused = (message: string) => ({ code: 'UNSUPPORTED', message: `${message}: ${why}`, hint });
  for (const work of [managed.ensure, managed.plan]) await expect(work(labNetwork, {})).rejects.toMatchObject(refused('no network can be made'));
  for (const work of [managed.remove, managed.planRemoval]) await expect(work(labNetwork, {})).rejects.toMatchObject(refused('network lab cannot be removed'));
  expect(fake.calls).toEqual([]);
});

test.each(['', 'a b', 'a/b', '..', '-x', 'sixteen-letters-'])('%p is no name for a bridge', (bridge) => {
  expect(() => createLinuxNetwork({ programs: programs(null), system: system(true, true), bridge, vmmUid: 0 })).toThrow('is no name for a bridge');
});
