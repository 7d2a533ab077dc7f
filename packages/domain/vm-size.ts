import type { VmSpec } from './vm-spec.ts';

/** What a resize changes. */
export type VmSize = { vcpus: number; memoryMib: number };

/** A size, and how far it may grow while the VM runs. */
export type VmSizes = Pick<VmSpec, 'vcpus' | 'memoryMib' | 'maxVcpus' | 'maxMemoryMib'>;

/** Memory comes to a running guest in pieces of this size: what Linux takes as one block (cloud-hypervisor insists on it). */
export const memoryStepMib = 128;

/** now: what a running VM may be given at once; later: what waits for its next start, and why, by field. */
export type ResizePlan = { now: Partial<VmSize>; later: { field: keyof VmSize; reason: string }[] };

/** Which part of a change of size a running VM can take, by the spec that it was started with. */
export function planResize(running: VmSizes, wanted: VmSize): ResizePlan {
  const plan: ResizePlan = { now: {}, later: [] };
  const consider = (field: keyof VmSize, reason: string | null): void => {
    if (wanted[field] === running[field]) return;
    if (reason === null) plan.now[field] = wanted[field];
    else plan.later.push({ field, reason });
  };
  consider('vcpus', vcpuReason(running, wanted.vcpus));
  consider('memoryMib', memoryReason(running, wanted.memoryMib));
  return plan;
}

function vcpuReason({ maxVcpus }: VmSizes, wanted: number): string | null {
  if (maxVcpus === null) return 'it runs without max-vcpus';
  return wanted > maxVcpus ? `it runs with max-vcpus=${maxVcpus}` : null;
}

function memoryReason({ memoryMib, maxMemoryMib }: VmSizes, wanted: number): string | null {
  if (maxMemoryMib === null) return 'it runs without max-memory';
  if (wanted > maxMemoryMib) return `it runs with max-memory=${maxMemoryMib}M`;
  if (wanted < memoryMib) return 'memory does not shrink while a VM runs';
  if ((wanted - memoryMib) % memoryStepMib !== 0) return `memory grows by multiples of ${memoryStepMib}M while a VM runs`;
  return null;
}
