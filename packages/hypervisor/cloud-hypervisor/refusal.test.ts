import { expect, test } from 'bun:test';
import { parseJson } from './json.ts';
import { ApiRefusal, asMvirt, refusalChain } from './refusal.ts';
import { countersReply } from './replies.ts';

const refusal = (...chain: string[]) => asMvirt(new ApiRefusal('vm.add-disk', 500, ['Error from API', 'The disk could not be added to the VM', ...chain]));

const table: [name: string, chain: string[], code: string, message: string][] = [
  [
    'a locked disk',
    ['Error from device manager', 'Cannot lock images of all block devices', 'Failed to get Write lock for disk image: /d', 'The file is already locked'],
    'DISK_IN_USE',
    'cloud-hypervisor refused vm.add-disk: Failed to get Write lock for disk image: /d: The file is already locked',
  ],
  [
    'a missing file',
    ['Error from device manager', 'Cannot open disk path', 'I/O error (path=/d op=open)', 'No such file or directory (os error 2)'],
    'FILE_NOT_FOUND',
    'cloud-hypervisor refused vm.add-disk: I/O error (path=/d op=open): No such file or directory (os error 2)',
  ],
  [
    'no slot',
    ['Error from device manager', 'Failed to find an available PCI device ID', 'Could not find an available device slot on the PCI bus'],
    'UNSUPPORTED',
    'cloud-hypervisor refused vm.add-disk: Failed to find an available PCI device ID: Could not find an available device slot on the PCI bus',
  ],
  ['all connections taken', ['Too many open connections'], 'TOO_MANY', 'cloud-hypervisor refused vm.add-disk: Too many open connections'],
  ['a VM that is off', ['VM is not running'], 'HYPERVISOR_ERROR', 'cloud-hypervisor refused vm.add-disk: VM is not running'],
  [
    'words around that say nothing',
    ['Error from CPU manager', 'Requested vCPUs exceed maximum'],
    'UNSUPPORTED',
    'cloud-hypervisor refused vm.add-disk: Requested vCPUs exceed maximum',
  ],
];

test.each(table)('%s', (_name, chain, code, message) => {
  expect(refusal(...chain)).toMatchObject({ code, message });
});

test('a TAP that is down is said to be down', () => {
  const error = refusal('Cannot open TAP', 'Failed to enable TAP', 'Ioctl failed (35092)', 'Operation not permitted (os error 1)');
  expect(error).toMatchObject({ code: 'HYPERVISOR_ERROR', hint: 'the TAP is down: ip link set dev NAME up, then try again' });
});

test('a back-trace is left out', () => {
  const body = JSON.stringify([
    'Error from API',
    'Cannot snapshot VM',
    'Failed',
    'GetNestedState(Invalid argument (os error 22))\n\nStack backtrace:\n   0: anyhow::error\n   1: main',
  ]);
  const error = asMvirt(new ApiRefusal('vm.snapshot', 500, refusalChain(body)));
  expect(error).toMatchObject({
    code: 'HYPERVISOR_ERROR',
    message: 'cloud-hypervisor refused vm.snapshot: Failed: GetNestedState(Invalid argument (os error 22))',
  });
});

test.each([
  ['', []],
  ['["Not Found"]', ['Not Found']],
  [
    '{ "error": "Invalid HTTP Method: Unsupported HTTP method.\nAll previous unanswered requests will be dropped." }',
    ['Invalid HTTP Method: Unsupported HTTP method. All previous unanswered requests will be dropped.'],
  ],
  ['{"error":"Body too long"}', ['Body too long']],
  ['VmNotRunning', ['VmNotRunning']],
])('a body %p', (body, chain) => {
  expect(refusalChain(body)).toEqual(chain);
});

test('a refusal without a word says its status; what is no refusal is handed on', () => {
  expect(asMvirt(new ApiRefusal('vm.pause', 400, []))).toMatchObject({ message: 'cloud-hypervisor refused vm.pause: status 400' });
  const other = new Error('other');
  expect(asMvirt(other)).toBe(other);
});

test('u64 counters survive: the largest is none, and a path that looks like one stays a path', () => {
  const text = '{"d1":{"read_bytes":18446744073709551615,"write_bytes":4096,"read_ops":0,"write_ops":1,"write_latency_min":18446744073709551615}}';
  expect(countersReply.parse(parseJson(text))).toEqual({ d1: { read_bytes: 0, write_bytes: 4096, read_ops: 0, write_ops: 1 } });
  expect(parseJson('["18446744073709551615", 18446744073709551615, 1.5]')).toEqual(['18446744073709551615', 18446744073709551615n, 1.5]);
});
