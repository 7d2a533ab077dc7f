import { describe, expect, test } from 'bun:test';
import { decodeSpec, encodeSpec } from './stored-spec.ts';
import type { VmSpec } from './vm-spec.ts';

/** Through JSON text, as a column holds it. */
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function roundTrip(config: unknown, extras: unknown = {}): Record<string, unknown> {
  const { spec, unknownKeys } = decodeSpec(throughJson(config), extras);
  return throughJson(encodeSpec(spec, unknownKeys).config) as Record<string, unknown>;
}

const first = {
  vcpus: 2,
  memory_mb: 1024,
  kernel: '/boot/vmlinuz',
  initramfs: null,
  cmdline: 'console=ttyS0',
  disks: [{ path: '/a.raw', readonly: false }],
  nics: [{ tap: 'tap7', mac: '52:54:00:00:00:01' }],
  user_data: '#cloud-config\n',
};

test("the first release's object", () => {
  expect(decodeSpec(first, {})).toEqual({
    spec: {
      vcpus: 2,
      memoryMib: 1024,
      maxVcpus: null,
      maxMemoryMib: null,
      bootMode: 'unspecified',
      kernel: '/boot/vmlinuz',
      initramfs: null,
      cmdline: 'console=ttyS0',
      firmware: null,
      disks: [{ path: '/a.raw', readonly: false, format: 'raw' }],
      ownDisk: null,
      nics: [{ tap: 'tap7', mac: '52:54:00:00:00:01', vhostSocket: null, network: null }],
      userData: '#cloud-config\n',
      nestedVirt: false,
      sshKeys: [],
      labels: {},
      hypervisor: 'auto',
      restart: 'never',
      autostart: null,
    },
    unknownKeys: {},
  });
});

test('what is written back says the same, in both releases', () => {
  expect(roundTrip(first)).toEqual({ ...first, nics: [{ ...first.nics[0], vhost_socket: null }], boot_mode: 0, nested_virt: false });
  const latest = { ...first, boot_mode: 2, nested_virt: true, nics: [{ tap: null, mac: null, vhost_socket: '/run/v' }] };
  expect(roundTrip(latest)).toEqual(latest);
});

test('an absent kernel is written as an empty one, which the first release needs and both read as firmware', () => {
  for (const kernel of [null, '', undefined]) {
    expect(decodeSpec({ ...first, kernel }, {}).spec.kernel).toBeNull();
    expect(roundTrip({ ...first, kernel }).kernel).toBe('');
  }
});

test('a spec of ours comes back whole', () => {
  const spec: VmSpec = {
    vcpus: 4,
    memoryMib: 64,
    maxVcpus: 8,
    maxMemoryMib: 1024,
    bootMode: 'disk',
    kernel: null,
    initramfs: '/i',
    cmdline: 'ü "quoted"',
    firmware: '/fw/OVMF.fd',
    disks: [
      { path: '/a.qcow2', readonly: true, format: 'raw' },
      { path: 'constructor', readonly: false, format: 'qcow2' },
    ],
    ownDisk: { image: 'debian', user: 'debian', path: '/a.qcow2', overlay: true },
    nics: [{ tap: null, mac: null, vhostSocket: null, network: null }],
    userData: '',
    nestedVirt: true,
    sshKeys: ['ssh-ed25519 AAAA'],
    labels: { a: 'b' },
    hypervisor: 'cloud-hypervisor',
    restart: 'always',
    autostart: { order: 3, delayMs: 5000 },
  };
  const { config, extras } = encodeSpec(spec);
  expect(decodeSpec(throughJson(config), throughJson(extras))).toEqual({ spec, unknownKeys: {} });
});

test('a disk named like a part of every object has a format all the same', () => {
  const disks = ['__proto__', 'constructor', 'toString'].map((path) => ({ path, readonly: false }));
  expect(decodeSpec({ ...first, disks }, {}).spec.disks.map((disk) => disk.format)).toEqual(['raw', 'raw', 'raw']);
});

describe('keys that nobody knows', () => {
  const config = {
    ...first,
    future: { deep: [1, null, 'x'] },
    disks: [
      { path: '/a', readonly: false, cache: 'none' },
      { path: '/b', readonly: true },
    ],
    nics: [
      { tap: 'tap0', queue_pairs: 2 },
      { mac: '52:54:00:00:00:AA', mtu: 1400 },
      { mac: null, offload: false },
    ],
  };

  test('stay, in the object, in disks and in NICs', () => {
    const written = roundTrip(config);
    expect(written).toMatchObject({ future: config.future, disks: config.disks });
    expect(written.nics).toMatchObject([{ tap: 'tap0', queue_pairs: 2 }, { mac: '52:54:00:00:00:aa', mtu: 1400 }, { offload: false }]);
  });

  test('stay with the disk and the NIC that they belong to when others go', () => {
    const { spec, unknownKeys } = decodeSpec(config, {});
    const less = { ...spec, disks: spec.disks.toReversed(), nics: spec.nics.slice(1, 2) };
    const written = encodeSpec(less, unknownKeys).config;
    expect(written.disks).toEqual([
      { path: '/b', readonly: true },
      { path: '/a', readonly: false, cache: 'none' },
    ]);
    expect(written.nics).toEqual([{ tap: null, mac: '52:54:00:00:00:aa', vhost_socket: null, mtu: 1400 }]);
  });

  test('never win over what the spec says', () => {
    const { spec } = decodeSpec(first, {});
    const { config: written } = encodeSpec(spec, { vcpus: 99, disks: { '/a.raw': { readonly: true, path: '/etc' } }, nics: 'nonsense' });
    expect(written).toMatchObject({ vcpus: 2, disks: [{ path: '/a.raw', readonly: false }], nics: [{ tap: 'tap7' }] });
  });

  test('a key __proto__ changes no object', () => {
    const written = roundTrip(JSON.parse('{"vcpus":2,"__proto__":{"polluted":1},"disks":[{"path":"/a","readonly":false,"__proto__":{"polluted":1}}]}'));
    expect(written.vcpus).toBe(2);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

const odd: unknown[] = [
  undefined,
  null,
  '',
  'text',
  5,
  [],
  [1],
  true,
  {},
  { vcpus: null },
  { disks: 'x', nics: 5 },
  { disks: [null, 3, {}, []], nics: [null, 'x'] },
];

test.each(odd.map((config) => [JSON.stringify(config) ?? 'undefined', config]))('%s is read as a spec, never refused', (_, config) => {
  for (const extras of odd) expect(decodeSpec(config, extras).spec).toMatchObject({ vcpus: 1, memoryMib: 0, disks: [], nics: [] });
});

test('one entry that cannot be read does not take the others along', () => {
  const { spec } = decodeSpec({ ...first, disks: [{ path: 5 }, { path: '/ok', readonly: 'yes' }], nics: [7, { mac: 5, tap: 'tap0' }], boot_mode: 77 }, {});
  expect(spec.disks).toEqual([{ path: '/ok', readonly: false, format: 'raw' }]);
  expect(spec.nics).toEqual([{ tap: 'tap0', mac: null, vhostSocket: null, network: null }]);
  expect(spec.bootMode).toBe('unspecified');
});

test('extras that cannot be read cost the extras alone', () => {
  const { spec } = decodeSpec(first, { firmware: 5, labels: { a: 'b' } });
  expect(spec).toMatchObject({ vcpus: 2, firmware: null, labels: {}, hypervisor: 'auto' });
});
