import { expect, test } from 'bun:test';
import type { Vm } from '@mvirt/api/schema';
import { createPaint } from './colour.ts';
import { age, nameOf, size, stateText, vmDetails, vmTable } from './vm-lines.ts';

const vm = (fields: Partial<Vm> = {}): Vm => ({
  id: '0a1b2c3d-0000-4000-8000-000000000000',
  name: 'web',
  state: 'running',
  responsive: true,
  keepRunning: true,
  vcpus: 2,
  memoryBytes: 512 * 1_048_576,
  maxVcpus: null,
  maxMemoryBytes: null,
  hypervisor: 'qemu',
  pid: 7,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:00.000Z',
  lastExit: null,
  kernel: null,
  initramfs: null,
  cmdline: null,
  firmware: null,
  disks: [],
  image: null,
  imageUser: null,
  ownDisk: null,
  nics: [],
  labels: {},
  restart: 'never',
  nextStartAt: null,
  restartAttempts: 0,
  autostart: false,
  autostartOrder: null,
  autostartDelaySeconds: null,
  pending: null,
  unavailable: {},
  ...fields,
});

const plain = createPaint(false, {});
const now = Date.parse('2026-01-01T01:02:03Z');

test('sizes and ages', () => {
  expect([size(64 << 20), size(1 << 30), size(1.5 * 2 ** 30), size(2 ** 40)]).toEqual(['64M', '1G', '1.5G', '1024G']);
  expect([age(0, 0), age(0, 61_000), age(0, 3_600_000), age(0, 90_000_000), age(5, 0)]).toEqual(['0s', '1m 1s', '1h 0m', '1d 1h', '0s']);
});

test('a line a VM', () => {
  const text = vmTable([vm(), vm({ name: null, state: 'stopped', hypervisor: null })], plain, now);
  expect(text).toBe(
    'NAME      ID        STATE    VCPUS  MEMORY  HYPERVISOR  UP     ADDRESS\n' +
      'web       0a1b2c3d  running      2    512M  qemu        1h 2m  -\n' +
      '0a1b2c3d  0a1b2c3d  stopped      2    512M  -           -      -\n',
  );
});

test('one that does not answer says so', () => expect(stateText(vm({ responsive: false }))).toBe('running, not responding'));

test('everything of one VM, pending changes and the last end too', () => {
  const text = vmDetails(
    vm({
      disks: [{ path: '/d', readonly: true, format: 'raw' }],
      nics: [{ mac: '52:54:00:00:00:01', tap: 'tap0', network: 'bridge:br0', kept: [], addresses: ['10.0.0.2'] }],
      labels: { role: 'front' },
      pending: { vcpus: 4, memoryBytes: 1024 },
      lastExit: { at: '2026-01-01T00:00:00.000Z', cause: 'killed', detail: 'by a user', hint: 'mvirt logs web' },
    }),
    plain,
    now,
  );
  for (const part of [
    '52:54:00:00:00:01, tap tap0, on bridge:br0, 10.0.0.2',
    '/d (raw, read-only)',
    'role=front',
    'vcpus becomes 4 at the next start',
    'up 1h 2m',
  ])
    expect(text).toContain(part);
  expect(text).toContain('killed: by a user');
  expect(text).toContain('hint: mvirt logs web');
});

test('no field of a VM steers the terminal', () => {
  const evil = '\x1b[2J\x07\n';
  const hostile = vm({
    id: evil,
    name: evil,
    kernel: evil,
    initramfs: evil,
    cmdline: evil,
    firmware: evil,
    disks: [{ path: evil, readonly: false, format: 'raw' }],
    nics: [{ mac: evil, tap: evil, network: evil, kept: [evil], addresses: [evil] }],
    labels: { [evil]: evil },
    pending: { [evil]: evil },
    lastExit: { at: '2026-01-01T00:00:00.000Z', cause: 'killed', detail: evil, hint: evil },
  });
  for (const text of [vmDetails(hostile, plain, now), vmTable([hostile], plain, now), nameOf(hostile), nameOf({ id: evil, name: null })])
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  expect(vmTable([hostile], plain, now).split('\n').length).toBe(3);
});

test('colour is for terminals that want it', () => {
  expect(createPaint(true, { TERM: 'xterm' })('red', 'x')).toBe('\x1b[31mx\x1b[0m');
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) expect(createPaint(true, env)('red', 'x')).toBe('x');
  expect(createPaint(true, { NO_COLOR: '' })('red', 'x')).not.toBe('x');
});
