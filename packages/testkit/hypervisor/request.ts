import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { VmSpec } from '@mvirt/domain';
import type { LaunchRequest } from '@mvirt/hypervisor';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import type { BenchRoom } from './bench.ts';

export const plainSpec: VmSpec = vmSpec({ bootMode: 'unspecified', kernel: null });

/** As the engine notes it: where there is room to grow. */
const sizeIn = ({ vcpus, memoryMib, maxVcpus, maxMemoryMib }: VmSpec): Pick<LaunchRequest['run'], 'size'> =>
  maxVcpus === null && maxMemoryMib === null ? {} : { size: { vcpus, memoryMib } };

/** A launch request in a directory: spec and run say the same. */
export function requestIn(dir: string, runId: string, boot: Partial<VmSpec>, parts: Parameters<BenchRoom['request']>[0] = {}): LaunchRequest {
  const { disks = [], nics = [], change = {} } = parts;
  const runDir = join(dir, 'vm', runId);
  mkdirSync(runDir, { recursive: true });
  const spec = { ...plainSpec, ...boot, disks, nics: nics.map(({ tap, mac }) => ({ tap, mac, vhostSocket: null, network: null })), ...change };
  const run = { vmId: `vm-${runId}`, runDir, runId, hypervisor: 'qemu' as const, process: null, disks: spec.disks, nics, ...sizeIn(spec) };
  return { run, spec, seedImage: null, onSpawned: () => {} };
}
