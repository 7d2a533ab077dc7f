import { expect, test } from 'bun:test';
import { dnsmasqText, serverFiles } from './dnsmasq-text.ts';
import { parseLeases } from './lease.ts';
import type { ManagedNetwork } from './managed.ts';
import { type ManagedSurroundings, type PresentNetwork, planNetwork, planNetworkRemoval } from './managed-plan.ts';
import { natTable } from './nat-text.ts';
import type { Link } from './plan.ts';

const lab: ManagedNetwork = {
  name: 'lab',
  ipv4: '10.9.0.0/24',
  ipv6: 'fd12:3456:789a::/64',
  spoofGuard: true,
  hosts: [
    { mac: '52:54:00:00:00:01', ipv4: '10.9.0.7', ipv6: 'fd12:3456:789a::7', name: 'web' },
    { mac: '52:54:00:00:00:02', ipv4: '10.9.0.8', ipv6: null, name: null },
  ],
  ports: [{ tap: 'mvirt-0f3b7a52', mac: '52:54:00:00:00:01', ipv4: '10.9.0.7', ipv6: 'fd12:3456:789a::7' }],
};
const files = serverFiles('/data/network', 'lab');
const host: ManagedSurroundings = { bridgeMac: '52:54:00:aa:bb:cc', serverUser: 'dnsmasq', files, fewRights: ['setpriv', '--'], sysctl: true };
const process = { pid: 77, startTicks: 1, bootId: 'b' };
const link = (name: string, change: Partial<Link> = {}): Link => ({ name, alias: null, kind: null, up: true, held: false, master: null, ...change });
const bridge = link('mv-lab', { kind: 'bridge', alias: 'mvirt-network:lab' });
const tap = link('mvirt-0f3b7a52', { kind: 'tap', master: 'mv-lab' });
const nothing: PresentNetwork = {
  links: [link('lo')],
  addresses: [],
  forwarding: { ipv4: false, ipv6: false },
  advertised: [],
  nat: null,
  natSeen: null,
  guarded: [],
  server: null,
  folder: false,
};
const whole: PresentNetwork = {
  ...nothing,
  links: [link('lo'), bridge, tap],
  addresses: ['10.9.0.1/24', 'fd12:3456:789a::1/64', 'fe80::1/64'],
  forwarding: { ipv4: true, ipv6: true },
  nat: natTable(lab),
  guarded: [tap.name],
  server: { process, config: dnsmasqText(lab, files, 'dnsmasq') },
  folder: true,
};
const lines = (present: PresentNetwork, network = lab, at = host): string[] => planNetwork(network, present, at).map(({ do: argv }) => argv.join(' '));

test('on a host that has nothing of it', () => {
  const steps = planNetwork(lab, nothing, host);
  expect(steps.map(({ do: argv }) => argv.join(' '))).toEqual([
    'ip -batch -',
    'tee /proc/sys/net/ipv6/conf/mv-lab/accept_ra',
    'ip link set dev mv-lab addrgenmode none',
    'ip -batch -',
    'ip link set dev mv-lab up',
    'tee /proc/sys/net/ipv4/ip_forward',
    'tee /proc/sys/net/ipv6/conf/all/forwarding',
    'nft -f -',
    'mkdir -p -m 0700 /data/network/lab',
    'tee /data/network/lab/dnsmasq.conf',
    'setpriv -- dnsmasq --conf-file=/data/network/lab/dnsmasq.conf',
  ]);
  expect(steps[0]?.input).toBe(
    'link add name mv-lab address 52:54:00:aa:bb:cc type bridge stp_state 0 forward_delay 0\nlink set dev mv-lab alias mvirt-network:lab\n',
  );
  expect(steps[3]?.input).toBe(
    'address replace 10.9.0.1/24 dev mv-lab\naddress replace fd12:3456:789a::1/64 dev mv-lab nodad\naddress replace fe80::1/64 dev mv-lab nodad\n',
  );
  expect(steps.filter(({ undo }) => undo !== null).map(({ undo, undoInput }) => [undo?.join(' '), undoInput])).toEqual([
    ['ip link del dev mv-lab type bridge', undefined],
    ['tee /proc/sys/net/ipv4/ip_forward', '0'],
    ['tee /proc/sys/net/ipv6/conf/all/forwarding', '0'],
    ['nft delete table inet mvirt-lab', undefined],
    ['rm -r -- /data/network/lab', undefined],
  ]);
});

test('where all is there nothing is done', () => {
  expect(lines(whole)).toEqual([]);
  // Another version of nft lists it in other words: it was seen right after it was made.
  expect(lines({ ...whole, nat: 'in other words', natSeen: 'in other words' })).toEqual([]);
});

test.each([
  [
    'the bridge',
    { links: [link('lo'), link(tap.name, { kind: 'tap' })], addresses: [] },
    ['ip -batch -', /accept_ra/, /addrgenmode/, 'ip -batch -', /mv-lab up$/, /master mv-lab up$/, 'kill 77', /^tee .*conf$/, /dnsmasq/],
  ],
  ['the bridge is down', { links: [{ ...bridge, up: false }, tap] }, ['ip link set dev mv-lab up']],
  ['an address', { addresses: ['10.9.0.1/24', 'fe80::1/64'] }, ['ip -batch -']],
  ['forwarding', { forwarding: { ipv4: false, ipv6: true } }, ['tee /proc/sys/net/ipv4/ip_forward']],
  ['the table', { nat: null }, ['nft -f -']],
  ['a rule of the table', { nat: natTable(lab).replace(/.*drop\n/, '') }, ['nft -f -']],
  ['a guard', { guarded: [] }, ['nft -f -']],
  ['a TAP that was taken off', { links: [bridge, { ...tap, master: null }] }, [/master mv-lab up$/]],
  ['the server', { server: null }, [/^tee .*conf$/, /dnsmasq --conf-file/]],
  ['a server that does not know a NIC', { server: { process, config: 'old' } }, ['kill 77', /^tee .*conf$/, /dnsmasq --conf-file/]],
] as const)('what is missing is mended, and no more: %s', (_, change, expected) => {
  const done = lines({ ...whole, ...change } as PresentNetwork);
  expect(done).toHaveLength(expected.length);
  for (const [index, pattern] of expected.entries()) expect(done[index]).toMatch(pattern);
});

test('a host that gets its own IPv6 route from a router keeps it', () => {
  const [first, second] = planNetwork(lab, { ...whole, forwarding: { ipv4: true, ipv6: false }, advertised: ['eth0'] }, host);
  expect([first?.do, first?.input, first?.undoInput]).toEqual([['tee', '/proc/sys/net/ipv6/conf/eth0/accept_ra'], '2', '1']);
  expect(second?.do).toEqual(['tee', '/proc/sys/net/ipv6/conf/all/forwarding']);
});

test('forwarding that is off and cannot be switched on is an error that says how', () => {
  const attempt = () => planNetwork(lab, nothing, { ...host, sysctl: false });
  expect(attempt).toThrow(expect.objectContaining({ code: 'NETWORK_ERROR', hint: expect.stringContaining('sysctl -w net.ipv4.ip_forward=1') }));
  expect(lines(whole, lab, { ...host, sysctl: false })).toEqual([]);
});

test.each([
  ['a bridge of somebody else', { kind: 'bridge', alias: null }],
  ["another network's bridge", { kind: 'bridge', alias: 'mvirt-network:other' }],
  ['a veth', { kind: 'veth', alias: 'mvirt-network:lab' }],
])('%s with the name of the bridge is an error, and never removed', (_, change) => {
  const present = { ...whole, links: [link('mv-lab', change)] };
  expect(() => planNetwork(lab, present, host)).toThrow(expect.objectContaining({ code: 'NETWORK_ERROR', message: expect.stringContaining('mv-lab') }));
  expect(planNetworkRemoval(lab, present, host).map(({ do: argv }) => argv.join(' '))).not.toContainEqual(expect.stringContaining('ip link del'));
});

test('removal takes what is there, the folder last, and nothing twice', () => {
  const removal = (present: PresentNetwork) => planNetworkRemoval(lab, present, host).map(({ do: argv }) => argv.join(' '));
  expect(removal(whole)).toEqual(['kill 77', 'nft delete table inet mvirt-lab', 'ip link del dev mv-lab type bridge', 'rm -r -- /data/network/lab']);
  expect(removal(nothing)).toEqual([]);
});

test("the server's configuration", () => {
  const text = dnsmasqText(lab, files, 'dnsmasq');
  for (const line of [
    'interface=mv-lab',
    'bind-interfaces',
    'user=dnsmasq',
    'domain=lab.internal',
    'dhcp-ignore-names',
    'local=/lab.internal/',
    'dhcp-range=10.9.0.2,10.9.0.254,255.255.255.0,1h',
    'enable-ra',
    'dhcp-range=fd12:3456:789a::2,fd12:3456:789a::ffff,slaac,64,1h',
    'dhcp-host=52:54:00:00:00:01,10.9.0.7,[fd12:3456:789a::7],web',
    'dhcp-host=52:54:00:00:00:02,10.9.0.8',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).not.toContain('group');
  expect(dnsmasqText(lab, files, 'root')).toContain('user=root\ngroup\n');
  expect(dnsmasqText({ ...lab, ipv6: null }, files, 'dnsmasq')).not.toMatch(/enable-ra|slaac/);
});

test('leases as dnsmasq writes them; half a line is none', () => {
  const file = [
    '1732572000 52:54:00:00:00:01 10.9.0.7 web ff:00:00:00:01',
    '0 52:54:00:00:00:02 10.9.0.8 * *',
    'duid 00:01:00:01:2e:d5:0a:f4:52:54:00:00:00:01',
    '1732572001 1234 fd12:3456:789a:0:0:0:0:7 web 00:01:00:01',
    '1732572001 1234 fd12:34',
  ].join('\n');
  expect(parseLeases(file)).toEqual([
    { address: '10.9.0.7', mac: '52:54:00:00:00:01', expiresAtMs: 1_732_572_000_000 },
    { address: '10.9.0.8', mac: '52:54:00:00:00:02', expiresAtMs: null },
    { address: 'fd12:3456:789a::7', mac: null, expiresAtMs: 1_732_572_001_000 },
  ]);
  expect(parseLeases('')).toEqual([]);
});
