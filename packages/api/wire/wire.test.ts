import { expect, test } from 'bun:test';
import type { MethodDefinition } from '@grpc/grpc-js';
import { BootMode, createVmServiceDefinition, int64, int64ToNumber, loadProto, type SystemInfo, type Vm, type VmConfig, VmState } from './index.ts';

const service = createVmServiceDefinition();

/** Through the bytes and back, as the other side gets it. */
const answer = <Q, R>(method: MethodDefinition<Q, R>, message: R): R => method.responseDeserialize(method.responseSerialize(message));
const request = <Q, R>(method: MethodDefinition<Q, R>, message: Q): Q => method.requestDeserialize(method.requestSerialize(message));

// Typed as having every key, so that neither the types nor the file can have one that the other lacks.
const config: Required<VmConfig> = {
  vcpus: 4_294_967_295,
  memory_mb: '18446744073709551615',
  kernel: '/k',
  initramfs: '/i',
  cmdline: 'console=ttyS0',
  disks: [{ path: '/d', readonly: true }],
  nics: [{ tap: 't', mac: 'm', vhost_socket: 's' }],
  user_data: '#cloud-config',
  boot_mode: BootMode.KERNEL,
  nested_virt: true,
};
const vm: Required<Vm> = { id: 'a', name: 'Ä 名', state: VmState.RUNNING, config, created_at: '9007199254740993', started_at: '-1' };

test('every field of a VM crosses exactly', () => {
  expect(answer(service.GetVm, vm)).toEqual(vm);
  expect(answer(service.ListVms, { vms: [vm, vm] })).toEqual({ vms: [vm, vm] });
  const event = { vm_id: 'a', type: 4, timestamp: int64(1), vm };
  expect(answer(service.WatchVms, event)).toEqual(event);
});

test('every request crosses exactly', () => {
  for (const [method, message] of [
    [service.CreateVm, { name: 'n', config, id: 'i' }],
    [service.GetVm, { id: 'i' }],
    [service.DeleteVm, { id: 'i' }],
    [service.StartVm, { id: 'i' }],
    [service.StopVm, { id: 'i', timeout_seconds: 4_294_967_295 }],
    [service.KillVm, { id: 'i' }],
    [service.AttachDisk, { vm_id: 'i', disk: { path: '/p', readonly: true } }],
    [service.DetachDisk, { vm_id: 'i', path: '/p' }],
    [service.AttachNic, { vm_id: 'i', nic: { mac: 'm' } }],
    [service.DetachNic, { vm_id: 'i', mac: 'm' }],
    [service.Console, { vm_id: 'i', data: Buffer.from([0, 255]) }],
    [service.WatchVms, { vm_id: 'i' }],
    [service.ListVms, {}],
    [service.GetVersion, {}],
    [service.GetSystemInfo, {}],
  ] as [MethodDefinition<object, object>, object][]) {
    expect(request(method, message)).toEqual(message);
  }
});

test('every field of the host crosses exactly, floats at their precision', () => {
  const info: SystemInfo = {
    total_cpus: 1,
    total_memory_mb: '2',
    allocated_cpus: 3,
    allocated_memory_mb: '4',
    load_1: 0.5,
    load_5: 1.25,
    load_15: 0.125,
    host: { hostname: 'h', kernel_version: 'k', uptime_seconds: '5' },
    cpu: {
      model: 'm',
      vendor: 'v',
      physical_cores: 1,
      logical_cores: 2,
      sockets: 3,
      cores: [{ id: 0, frequency_mhz: '1', usage_percent: 12.5, numa_node: 1 }],
      flags: ['svm'],
    },
    memory: {
      total_bytes: '1',
      available_bytes: '2',
      cached_bytes: '3',
      swap_total_bytes: '4',
      swap_used_bytes: '5',
      hugepages_total: '6',
      hugepages_free: '7',
      hugepage_size_kb: '8',
    },
    numa_nodes: [{ id: 1, total_memory_bytes: '1', free_memory_bytes: '2', cpu_ids: [0, 1] }],
    disks: [
      { device: 'd', model: 'm', serial: 's', size_bytes: '1', smart_available: true, smart_healthy: true, temperature_celsius: -1, power_on_hours: '9' },
    ],
    nics: [{ name: 'n', mac: 'm', is_up: true, speed_mbps: 1, duplex: 'full', ipv4: ['a'], ipv6: ['b', 'c'], driver: 'd', rx_bytes: '1', tx_bytes: '2' }],
  };
  expect(answer(service.GetSystemInfo, info)).toEqual(info);
});

test('absent: no key where the contract says optional, zero or null elsewhere', () => {
  expect(service.GetVm.responseDeserialize(Buffer.alloc(0))).toEqual({ id: '', state: 0, config: null, created_at: '0' });
  expect(request(service.CreateVm, { config: null })).toEqual({ config: null });
  expect(request(service.CreateVm, { name: '', id: '', config: null })).toEqual({ name: '', id: '', config: null });
  expect(answer(service.GetVm, { ...vm, config: { ...config, kernel: '' } }).config?.kernel).toBe('');
});

test('enum values of a later release stay numbers, and fields of one are passed over', () => {
  expect(answer(service.GetVm, { ...vm, state: 99, config: { ...config, boot_mode: -7 } })).toMatchObject({ state: 99, config: { boot_mode: -7 } });
  const later = Buffer.concat([service.GetVm.requestSerialize({ id: 'a' }), Buffer.from([0xf8, 0x07, 0x01])]); // field 127, varint
  expect(service.GetVm.requestDeserialize(later)).toEqual({ id: 'a' });
});

test('bytes that are no message are refused', () => {
  const read = (bytes: number[]) => () => service.CreateVm.requestDeserialize(Buffer.from(bytes));
  expect(read([0x0a, 0x02, 0xff, 0xfe])).toThrow(); // a name that is no UTF-8
  expect(read([0x0a, 0x05, 0x41])).toThrow(); // cut short
  expect(read([0x0f])).toThrow(); // wire type 7
  expect(() => service.CreateVm.requestDeserialize(Buffer.alloc(1 << 20, 0x0b))).toThrow(); // groups in groups
});

test('int64: decimal text, exact', () => {
  expect([int64(0), int64(1.9), int64(-1), int64(2n ** 64n - 1n), int64(2 ** 53)]).toEqual(['0', '1', '-1', '18446744073709551615', '9007199254740992']);
  expect(int64ToNumber('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
});

test('a definition for every method of the file', () => {
  expect(Object.keys(service).sort()).toEqual(
    loadProto()
      .lookupService('mvirt.VmService')
      .methodsArray.map(({ name }) => name)
      .sort(),
  );
  expect(service.Console).toMatchObject({ path: '/mvirt.VmService/Console', requestStream: true, responseStream: true });
  expect(service.WatchVms).toMatchObject({ requestStream: false, responseStream: true });
});
