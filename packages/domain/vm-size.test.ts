import { expect, test } from 'bun:test';
import { planResize, type ResizePlan, type VmSizes } from './vm-size.ts';

const running: VmSizes = { vcpus: 2, memoryMib: 512, maxVcpus: 4, maxMemoryMib: 1024 };
const plain = { ...running, maxVcpus: null, maxMemoryMib: null };
const later = (field: 'vcpus' | 'memoryMib', reason: string): ResizePlan => ({ now: {}, later: [{ field, reason }] });

const cases: [name: string, spec: VmSizes, wanted: { vcpus?: number; memoryMib?: number }, plan: ResizePlan][] = [
  ['nothing', running, {}, { now: {}, later: [] }],
  ['more of both', running, { vcpus: 4, memoryMib: 1024 }, { now: { vcpus: 4, memoryMib: 1024 }, later: [] }],
  ['fewer vCPUs', running, { vcpus: 1 }, { now: { vcpus: 1 }, later: [] }],
  ['more vCPUs than it was started for', running, { vcpus: 5 }, later('vcpus', 'it runs with max-vcpus=4')],
  ['vCPUs of a VM that was not started for it', plain, { vcpus: 1 }, later('vcpus', 'it runs without max-vcpus')],
  ['memory of one', plain, { memoryMib: 640 }, later('memoryMib', 'it runs without max-memory')],
  ['more memory than it was started for', running, { memoryMib: 1152 }, later('memoryMib', 'it runs with max-memory=1024M')],
  ['less memory', running, { memoryMib: 384 }, later('memoryMib', 'memory does not shrink while a VM runs')],
  ['memory by another step', running, { memoryMib: 600 }, later('memoryMib', 'memory grows by multiples of 128M while a VM runs')],
  ['one now, the other later', running, { vcpus: 3, memoryMib: 256 }, { ...later('memoryMib', 'memory does not shrink while a VM runs'), now: { vcpus: 3 } }],
];

test.each(cases)('%s', (_name, spec, wanted, plan) => {
  expect(planResize(spec, { vcpus: spec.vcpus, memoryMib: spec.memoryMib, ...wanted })).toEqual(plan);
});
