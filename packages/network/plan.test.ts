import { expect, test } from 'bun:test';
import { derivedMac } from './names.ts';
import { type Link, planClaim, planPrepare, planRelease, type Surroundings } from './plan.ts';

const host: Surroundings = { bridge: 'br0', bridgeMac: '52:54:00:01:02:03', vmmUid: 107, ipv6: true, sysctl: true };
const vmId = '0f3b7a52-1111-4222-8333-444455556666';
const tap = 'mvirt-0f3b7a52';
const nic = (index: number, change: { tap?: string; mac?: string } = {}) => ({ index, tap: null, mac: null, ...change });
const link = (name: string, change: Partial<Link> = {}): Link => ({ name, alias: null, kind: null, up: true, held: false, master: null, ...change });
const bridge = link('br0', { kind: 'bridge' });
/** One line a command: those of a batch are in its input. */
const lines = (steps: { do: string[]; input?: string }[]): string[] =>
  steps.flatMap((step) => (step.do.includes('-batch') ? (step.input ?? '').trim().split('\n') : [step.do.join(' ')]));

const tapLines = [
  `tuntap add dev ${tap} mode tap user 107`,
  `link set dev ${tap} alias mvirt:${vmId}`,
  `ip link set dev ${tap} addrgenmode none master br0 up`,
];

test('on an empty host: the bridge, then the TAP', () => {
  const { steps, nics } = planPrepare({ vmId, nics: [nic(0)] }, [link('lo')], host);
  expect(lines(steps)).toEqual([
    'ip link add name br0 address 52:54:00:01:02:03 type bridge stp_state 0 forward_delay 0',
    'tee /proc/sys/net/ipv6/conf/br0/accept_ra',
    'ip link set dev br0 addrgenmode none',
    'ip link set dev br0 up',
    ...tapLines,
  ]);
  expect(steps.map((step) => step.undo?.join(' ') ?? null)).toEqual(['ip link del dev br0 type bridge', null, null, null, `ip link del dev ${tap}`, null]);
  expect(nics).toEqual([{ index: 0, tap, mac: derivedMac(vmId, 0), ours: true }]);
});

test('a TAP is made and marked by one program: an agent killed in between leaves none without its mark', () => {
  const { steps } = planPrepare({ vmId, nics: [nic(0)] }, [bridge], host);
  const making = steps.filter(({ do: argv, input }) => [...argv, input].join(' ').includes('tuntap add'));
  expect(making).toHaveLength(1);
  expect(making[0]?.input).toContain(`alias mvirt:${vmId}`);
});

test('a bridge that is there is left as it is, one that is down is brought up', () => {
  expect(lines(planPrepare({ vmId, nics: [nic(0)] }, [bridge], host).steps)).toEqual(tapLines);
  const [first] = planPrepare({ vmId, nics: [nic(0)] }, [{ ...bridge, up: false }], host).steps;
  expect(first).toMatchObject({ do: ['ip', 'link', 'set', 'dev', 'br0', 'up'], undo: ['ip', 'link', 'set', 'dev', 'br0', 'down'] });
});

test('without IPv6, or with a read-only /proc/sys, what cannot be set is not', () => {
  const dark = planPrepare({ vmId, nics: [nic(0)] }, [], { ...host, ipv6: false, sysctl: false });
  expect(lines(dark.steps).join('\n')).not.toMatch(/addrgenmode|accept_ra/);
  const container = planPrepare({ vmId, nics: [nic(0)] }, [], { ...host, sysctl: false });
  expect(lines(container.steps).join('\n')).not.toContain('accept_ra');
  expect(lines(container.steps)).toContain('ip link set dev br0 addrgenmode none');
});

test('a stale TAP of the same VM is made anew', () => {
  const { steps } = planPrepare({ vmId, nics: [nic(0)] }, [bridge, link(tap, { kind: 'tap', alias: `mvirt:${vmId}` })], host);
  expect(lines(steps)).toEqual([`ip link del dev ${tap}`, ...tapLines]);
});

test.each([
  ['a TAP without an alias', { kind: 'tap' }],
  ["another VM's TAP", { kind: 'tap', alias: 'mvirt:other' }],
  ['an interface of another kind with our alias', { kind: 'veth', alias: `mvirt:${vmId}` }],
  ['a network card', {}],
])('a name taken by %s is an error, and nothing is touched', (_, change) => {
  const plan = () => planPrepare({ vmId, nics: [nic(0)] }, [bridge, link(tap, change)], host);
  expect(plan).toThrow(
    expect.objectContaining({ code: 'NETWORK_ERROR', message: expect.stringContaining(tap), hint: `if nobody needs it: ip link del dev ${tap}` }),
  );
});

test('a bridge name taken by something else is an error', () => {
  const plan = () => planPrepare({ vmId, nics: [nic(0)] }, [link('br0', { kind: 'veth' })], host);
  expect(plan).toThrow(expect.objectContaining({ code: 'NETWORK_ERROR', message: 'br0 is no bridge but a veth interface' }));
});

test("a client's TAP is used as it is, without a bridge and without a step", () => {
  const { steps, nics } = planPrepare({ vmId, nics: [nic(0, { tap: 'mytap', mac: '52:54:00:aa:bb:cc' })] }, [link('mytap', { kind: 'tap', up: false })], host);
  expect(steps).toEqual([]);
  expect(nics).toEqual([{ index: 0, tap: 'mytap', mac: '52:54:00:aa:bb:cc', ours: false }]);
});

test.each([
  ['is missing', [], 'the TAP mytap does not exist'],
  ['is no TAP', [link('mytap', { kind: 'veth' })], 'mytap is no TAP but a veth interface'],
])("a client's TAP that %s is an error, before our own are planned", (_, present, message) => {
  const plan = () => planPrepare({ vmId, nics: [nic(0), nic(1, { tap: 'mytap' })] }, [bridge, ...present], host);
  expect(plan).toThrow(expect.objectContaining({ code: 'NETWORK_ERROR', message }));
});

test('a VM without NICs needs nothing', () => {
  expect(planPrepare({ vmId, nics: [] }, [], host)).toEqual({ steps: [], nics: [] });
});

test("release takes this VM's TAPs by alias and kind, or one of them", () => {
  const alias = `mvirt:${vmId}`;
  const present = [
    bridge,
    link(tap, { kind: 'tap', alias }),
    link(`${tap}1`, { kind: 'tap', alias }),
    link('mvirt-ffffffff', { kind: 'tap', alias: `${alias}x` }),
    link('mytap', { kind: 'tap' }),
    link('veth0', { kind: 'veth', alias }),
  ];
  expect(lines(planRelease(vmId, undefined, present))).toEqual([`ip link del dev ${tap}`, `ip link del dev ${tap}1`]);
  expect(lines(planRelease(vmId, `${tap}1`, present))).toEqual([`ip link del dev ${tap}1`]);
  expect(planRelease(vmId, 'mytap', present)).toEqual([]);
  expect(planRelease('other', undefined, present)).toEqual([]);
});

test('a TAP without an alias is claimed; one that has an alias, or is no TAP, or is not there, is left as it is', () => {
  const claim = (...present: Link[]) => lines(planClaim(vmId, tap, present));
  expect(claim(link(tap, { kind: 'tap' }))).toEqual([`ip link set dev ${tap} alias mvirt:${vmId}`]);
  for (const other of [
    link(tap, { kind: 'tap', alias: 'mvirt:other' }),
    link(tap, { kind: 'tap', alias: 'theirs' }),
    link(tap, { kind: 'veth' }),
    link(tap),
    link('tap0', { kind: 'tap' }),
  ]) {
    expect(claim(other)).toEqual([]);
  }
});
