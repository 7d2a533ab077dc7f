import { expect, test } from 'bun:test';
import { MvirtError, type VmId } from '@mvirt/domain';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { waitFor } from '@mvirt/testkit/wait-for';

const failure = async (promise: Promise<unknown>): Promise<MvirtError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof MvirtError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

const lab = { name: 'lab', ipv4: '10.9.0.0/24', ipv6: 'fd12:3456:789a::/64' };
const make = (bench: Bench, change: Partial<typeof lab> = {}) => bench.engine().networks.create({ ...lab, ...change }, { dryRun: false });
const nicOf = (bench: Bench, id: VmId, index = 0) => {
  const nic = bench.vms().get(id).nics[index];
  if (!nic) throw new Error('no such NIC');
  return nic;
};

test('default is made when it is first used, once, and each NIC keeps its addresses', async () => {
  await using bench = await openBench();
  expect(bench.engine().networks.list()).toEqual([]);
  const ids = await Promise.all(['a', 'b', 'c'].map((name) => bench.create({ name, nics: [{ network: 'default' }] })));
  const [network] = bench.engine().networks.list();
  expect(network).toMatchObject({ name: 'default', bridge: 'mv-default', domain: 'default.internal', spoofGuard: true, serverPid: null });
  expect(network?.ipv4).toMatch(/^10\.\d+\.\d+\.0\/22$/);
  expect(network?.ipv6).toMatch(/^fd[0-9a-f:]+::\/64$/);
  expect(bench.managed.made()).toEqual([]);
  const kept = ids.map((id) => nicOf(bench, id).kept);
  expect(new Set(kept.flat()).size).toBe(6);
  for (const [ipv4 = '', ipv6 = ''] of kept) expect(Number(ipv4.split('.')[3])).toBe(Number.parseInt(ipv6.split('::')[1] ?? '', 16));

  await bench.vms().start(ids[0] as VmId, {});
  expect(bench.managed.made().map(({ name }) => name)).toEqual(['default']);
  const [made] = bench.managed.made();
  expect(made?.hosts.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
  expect(nicOf(bench, ids[0] as VmId)).toMatchObject({ network: 'default', addresses: [], tap: expect.stringMatching(/^mvirt-/) });
  expect(bench.engine().networks.get('default')).toMatchObject({ serverPid: expect.any(Number), fault: null });
});

test("a NIC of the old contract's stays on the agent's own bridge, and no network is made for it", async () => {
  await using bench = await openBench();
  const id = await bench.started({ nics: [{}] });
  expect(nicOf(bench, id)).toMatchObject({ network: 'bridge:br0', kept: [] });
  expect([bench.engine().networks.list(), bench.managed.made()]).toEqual([[], []]);
});

test('several NICs, each on its network, with addresses that were asked for', async () => {
  await using bench = await openBench();
  await make(bench);
  const nics = [{ network: 'default' }, { network: 'lab', ips: ['10.9.0.7', 'FD12:3456:789A::00A7'] }, { network: 'bridge:br7' }, {}];
  const id = await bench.create({ name: 'web', nics });
  expect(
    bench
      .vms()
      .get(id)
      .nics.map(({ network, kept }) => [network, kept.length]),
  ).toEqual([
    ['default', 2],
    ['lab', 2],
    ['bridge:br7', 0],
    ['bridge:br0', 0],
  ]);
  expect(nicOf(bench, id, 1).kept).toEqual(['10.9.0.7', 'fd12:3456:789a::a7']);
  bench.crash();
  await bench.reborn();
  expect(nicOf(bench, id, 1).kept).toEqual(['10.9.0.7', 'fd12:3456:789a::a7']);
});

test('what cannot be a network is refused', async () => {
  await using bench = await openBench();
  await make(bench);
  const cases: [Record<string, unknown>, string, RegExp][] = [
    [{ name: 'lab' }, 'NAME_TAKEN', /a network with the name lab exists already/],
    [{ name: 'Lab' }, 'INVALID_ARGUMENT', /^name: must be of a-z/],
    [{ name: '-rf' }, 'INVALID_ARGUMENT', /^name: /],
    [{ name: '../x' }, 'INVALID_ARGUMENT', /^name: /],
    [{ name: 'thirteenchars' }, 'INVALID_ARGUMENT', /^name: must be at most 12 characters/],
    [{ name: 'a', ipv4: '10.9.0.128/25' }, 'ADDRESS_TAKEN', /overlaps 10\.9\.0\.0\/24 of network lab/],
    [{ name: 'a', ipv4: '192.0.2.0/25' }, 'ADDRESS_TAKEN', /overlaps 192\.0\.2\.0\/24 of eth0/],
    [{ name: 'a', ipv6: 'fd12:3456:789a::/64' }, 'ADDRESS_TAKEN', /of network lab/],
    [{ name: 'a', ipv4: 'ten' }, 'INVALID_ARGUMENT', /^ipv4: must be a subnet/],
    [{ name: 'a', ipv6: 'fd00:1::/56' }, 'INVALID_ARGUMENT', /is not 64 bits long/],
    [{ name: 'a', ipv4: null, ipv6: null }, 'INVALID_ARGUMENT', /needs IPv4 or IPv6/],
    [{ name: 'a', mtu: 9000 }, 'INVALID_ARGUMENT', /unknown key mtu/],
  ];
  for (const [input, code, message] of cases) {
    const error = await failure(bench.engine().networks.create(input as never, { dryRun: false }));
    expect([input, error.code, error.message]).toEqual([input, code, expect.stringMatching(message)]);
    expect(error.hint.length).toBeGreaterThan(10);
  }
  expect(bench.managed.made().map(({ name }) => name)).toEqual(['lab']);
});

test('of networks that are asked for at the same moment and overlap one is made', async () => {
  await using bench = await openBench();
  const asked = ['10.9.0.0/24', '10.9.0.128/25', '10.8.0.0/15'].map((ipv4, index) =>
    make(bench, { name: `n${index}`, ipv4, ipv6: `fd12:3456:789${index}::/64` }),
  );
  const outcomes = await Promise.allSettled(asked);
  expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.message : 'made'))).toEqual([
    'made',
    expect.stringContaining('overlaps 10.9.0.0/24 of network n0'),
    expect.stringContaining('overlaps 10.9.0.0/24 of network n0'),
  ]);
  expect(bench.managed.made().map(({ name }) => name)).toEqual(['n0']);
});

test('an address that a NIC cannot have is refused, naming why', async () => {
  await using bench = await openBench();
  await make(bench);
  await make(bench, { name: 'four', ipv4: '10.8.0.0/30', ipv6: null as never });
  await bench.create({ name: 'web', nics: [{ network: 'lab', ips: ['10.9.0.7'] }] });
  const cases: [{ network: string; ips?: string[] }[], string, RegExp][] = [
    [[{ network: 'nosuch' }], 'NETWORK_NOT_FOUND', /network: nosuch does not exist/],
    [[{ network: 'lab', ips: ['10.10.0.7'] }], 'INVALID_ARGUMENT', /ip: 10\.10\.0\.7 is not in 10\.9\.0\.0\/24, the subnet of network lab/],
    [[{ network: 'lab', ips: ['10.9.0.1'] }], 'INVALID_ARGUMENT', /cannot be a NIC's: .* 10\.9\.0\.2 to 10\.9\.0\.254/],
    [[{ network: 'lab', ips: ['10.9.0.255'] }], 'INVALID_ARGUMENT', /cannot be a NIC's/],
    [[{ network: 'lab', ips: ['fd12:3456:789a::1'] }], 'INVALID_ARGUMENT', /cannot be a NIC's/],
    [[{ network: 'four', ips: ['fd00::7'] }], 'INVALID_ARGUMENT', /network four has no IPv6/],
    [[{ network: 'lab', ips: ['10.9.0.7'] }], 'ADDRESS_TAKEN', /10\.9\.0\.7 on network lab is kept for VM web/],
    [
      [
        { network: 'lab', ips: ['10.9.0.9'] },
        { network: 'lab', ips: ['10.9.0.9'] },
      ],
      'ADDRESS_TAKEN',
      /another NIC of this VM/,
    ],
    [[{ network: 'four' }, { network: 'four' }], 'ADDRESS_TAKEN', /network four is full: all 1 addresses of 10\.8\.0\.0\/30/],
  ];
  for (const [nics, code, message] of cases) {
    const error = await failure(bench.create({ name: 'other', nics }));
    expect([nics, error.code, error.message]).toEqual([nics, code, expect.stringMatching(message)]);
  }
  expect(bench.vms().list()).toHaveLength(1);
});

test('a dry run changes nothing, on the host or in the store', async () => {
  await using bench = await openBench();
  const { networks } = bench.engine();
  const planned = await networks.create(lab, { dryRun: true });
  expect(planned.steps.map(({ why }) => why)).toEqual(['making the bridge mv-lab', 'starting the server of the network lab']);
  expect([networks.list(), bench.managed.made()]).toEqual([[], []]);
  await make(bench);
  expect((await networks.remove('lab', { dryRun: true })).steps.map(({ why }) => why)).toEqual(['removing the bridge mv-lab']);
  expect([networks.list().length, bench.managed.made().length]).toEqual([1, 1]);
});

test('a network whose making fails is not there; one whose removal fails still is', async () => {
  await using bench = await openBench();
  const { networks } = bench.engine();
  bench.managed.failNextEnsure('nft says no');
  expect(await failure(make(bench))).toMatchObject({ code: 'NETWORK_ERROR', message: 'nft says no' });
  expect(networks.list()).toEqual([]);
  await make(bench);
  bench.managed.failNextRemove('ip says no');
  expect(await failure(networks.remove('lab', { dryRun: false }))).toMatchObject({ message: 'ip says no' });
  expect(networks.list()).toHaveLength(1);
  await networks.remove('lab', { dryRun: false });
  expect([networks.list(), bench.managed.left()]).toEqual([[], []]);
});

test('a network that VMs use is not removed, and they are named', async () => {
  await using bench = await openBench();
  await make(bench);
  const id = await bench.create({ name: 'web', nics: [{ network: 'lab' }] });
  const { networks } = bench.engine();
  expect(await failure(networks.remove('lab', { dryRun: false }))).toMatchObject({ code: 'NETWORK_IN_USE', message: 'network lab is used by VM web' });
  expect(await failure(networks.remove('lab', { dryRun: true }))).toMatchObject({ code: 'NETWORK_IN_USE' });
  expect(await failure(networks.remove('nosuch', { dryRun: false }))).toMatchObject({ code: 'NETWORK_NOT_FOUND' });
  await bench.vms().delete(id, {});
  await networks.remove('lab', { dryRun: false });
});

test('a start on a network that cannot be made fails with the reason, and leaves nothing', async () => {
  await using bench = await openBench();
  await make(bench);
  const id = await bench.create({ name: 'web', nics: [{ network: 'lab' }] });
  bench.managed.failNextEnsure('no room for a bridge');
  const error = await failure(bench.vms().start(id, {}));
  expect(error.message).toContain('no room for a bridge');
  expect([bench.state(id), bench.network.taps()]).toEqual(['stopped', []]);
  await bench.vms().start(id, {});
});

test('a NIC that is plugged in is known to its network before its guest can ask', async () => {
  await using bench = await openBench();
  await make(bench);
  const id = await bench.started({ name: 'web' });
  const mac = '52:54:00:00:00:99';
  await bench.vms().attachNic(id, { network: 'lab', mac, ips: ['10.9.0.9'] }, {});
  expect(bench.managed.made()[0]?.hosts).toEqual([{ mac, ipv4: '10.9.0.9', ipv6: 'fd12:3456:789a::9', name: 'web' }]);
  expect(nicOf(bench, id)).toMatchObject({ mac, network: 'lab', kept: ['10.9.0.9', 'fd12:3456:789a::9'] });
  await bench.vms().detachNic(id, mac, {});
  expect(bench.vms().get(id).nics).toEqual([]);
  await waitFor('the TAP to be gone', () => bench.network.taps().length === 0);
});

test('what is lost on the host is mended: at once where a server ends, soon where nobody tells, and by the next agent', async () => {
  await using bench = await openBench();
  await make(bench);
  const first = bench.managed.server('lab');
  bench.managed.endServer('lab');
  await bench.clock.advance(1_000);
  await waitFor('another server', () => bench.managed.server('lab') !== null);
  expect(bench.managed.server('lab')).not.toBe(first);
  bench.managed.lose('lab');
  await bench.clock.advance(10_000);
  expect(bench.managed.made()).toHaveLength(1);
  bench.crash();
  bench.managed.lose('lab');
  await bench.reborn();
  await waitFor('the bridge', () => bench.managed.made().length === 1);
});

test('a network that cannot be mended says so once, and comes back by itself', async () => {
  await using bench = await openBench();
  await make(bench);
  bench.managed.lose('lab');
  bench.managed.failNextEnsure('nft says no');
  await bench.clock.advance(10_000);
  expect(bench.engine().networks.get('lab').fault).toBe('nft says no');
  expect(bench.log.filter((line) => line.includes('could not be mended'))).toEqual(['error network lab could not be mended: nft says no']);
  await bench.clock.advance(10_000);
  expect([bench.engine().networks.get('lab').fault, bench.managed.made().length]).toEqual([null, 1]);
});

test('what an agent that died in the middle of a removal left is taken away by the next', async () => {
  await using bench = await openBench();
  await make(bench);
  bench.store().networks.remove('lab');
  bench.crash();
  await bench.reborn();
  await waitFor('nothing to be left', () => bench.managed.left().length === 0);
});

test('leases become addresses at once, in lists, events and waits; those of an earlier run do not count', async () => {
  await using bench = await openBench();
  await make(bench);
  const id = await bench.started({ name: 'web', nics: [{ network: 'lab', ips: ['10.9.0.7'] }] });
  const { mac } = nicOf(bench, id);
  const waited = bench.vms().wait(id, 'ip', { timeoutMs: 60_000 });
  bench.managed.lease('lab', { address: '10.9.0.7', mac, expiresAtMs: 1 });
  expect(nicOf(bench, id).addresses).toEqual(['10.9.0.7']);
  expect((await waited).nics[0]?.addresses).toEqual(['10.9.0.7']);
  // DHCPv6 knows no MAC: the address is the NIC's because it is kept for it.
  bench.managed.lease('lab', { address: 'fd12:3456:789a::7', mac: null, expiresAtMs: 1 });
  bench.managed.lease('lab', { address: 'fd12:3456:789a::8', mac: null, expiresAtMs: 1 });
  expect(nicOf(bench, id).addresses).toEqual(['10.9.0.7', 'fd12:3456:789a::7']);
  expect(bench.engine().networks.get('lab').nics).toMatchObject([{ vmName: 'web', mac, addresses: ['10.9.0.7', 'fd12:3456:789a::7'] }]);
  const told = bench
    .engine()
    .events.read({ since: null, vmId: id, limit: 100 })
    .filter(({ type }) => type === 'nic-addresses');
  expect(told.map(({ message, detail }) => [message, detail])).toEqual([
    [`NIC ${mac} has 10.9.0.7`, { mac, addresses: ['10.9.0.7'] }],
    [`NIC ${mac} has 10.9.0.7, fd12:3456:789a::7`, { mac, addresses: ['10.9.0.7', 'fd12:3456:789a::7'] }],
  ]);
  bench.crash();
  await bench.reborn();
  expect(nicOf(bench, id).addresses).toEqual(['10.9.0.7', 'fd12:3456:789a::7']);

  await bench.vms().kill(id, {});
  expect(nicOf(bench, id).addresses).toEqual([]);
  await bench.vms().start(id, {});
  await bench.clock.advance(5_000);
  expect(nicOf(bench, id).addresses).toEqual([]);
  bench.managed.lease('lab', { address: '10.9.0.7', mac, expiresAtMs: 2 });
  expect(nicOf(bench, id).addresses).toEqual(['10.9.0.7']);
});

test('without leases the neighbour tables tell, of the right bridge and without link-local addresses', async () => {
  await using bench = await openBench();
  const id = await bench.started({ name: 'web', nics: [{ network: 'bridge:br7' }, {}] });
  const [first, second] = bench
    .vms()
    .get(id)
    .nics.map(({ mac }) => mac);
  bench.managed.seen = [
    { bridge: 'br7', mac: first ?? '', address: '192.0.2.7' },
    { bridge: 'br7', mac: first ?? '', address: 'fe80::1' },
    { bridge: 'br8', mac: first ?? '', address: '192.0.2.8' },
    { bridge: 'br0', mac: second ?? '', address: '2001:db8::9' },
  ];
  await bench.clock.advance(5_000);
  expect(
    bench
      .vms()
      .get(id)
      .nics.map(({ addresses }) => addresses),
  ).toEqual([['192.0.2.7'], ['2001:db8::9']]);
  bench.managed.seen = [];
  await bench.clock.advance(5_000);
  expect(
    bench
      .vms()
      .get(id)
      .nics.map(({ addresses }) => addresses),
  ).toEqual([[], []]);
});

test('a wait for an address ends by its time, by its VM, and at once where there is no NIC', async () => {
  await using bench = await openBench();
  const without = await bench.create({ name: 'bare' });
  expect(await failure(bench.vms().wait(without, 'ip', { timeoutMs: 1000 }))).toMatchObject({
    code: 'WRONG_STATE',
    message: 'VM bare has no NIC, so it gets no address',
  });
  expect(await failure(bench.vms().wait(without, 'ssh', { timeoutMs: 1000 }))).toMatchObject({ code: 'WRONG_STATE' });
  const id = await bench.create({ name: 'web', nics: [{ network: 'default' }] });
  const late = failure(bench.vms().wait(id, 'ip', { timeoutMs: 1000 }));
  await waitFor('the wait to have begun', () => bench.clock.pending() > 0);
  await bench.clock.advance(1000);
  expect(await late).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('VM web is not reachable by an address after 1 s') });
  const gone = failure(bench.vms().wait(id, 'ip', { timeoutMs: null }));
  await bench.vms().delete(id, {});
  expect(await gone).toMatchObject({ code: 'VM_NOT_FOUND' });
});
