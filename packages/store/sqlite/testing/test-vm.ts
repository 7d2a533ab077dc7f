import { asVmId, newCondition, type VmSpec } from '@mvirt/domain';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import type { StoredVm } from '../../port.ts';

export const testSpec = (change: Partial<VmSpec> = {}): VmSpec => vmSpec({ memoryMib: 512, kernel: '/boot/vmlinuz', ...change });

/** A stopped VM as `create` makes one; created in second 1000. */
export const testVm = (id: string, change: Partial<Omit<StoredVm, 'id' | 'revision'>> = {}): Omit<StoredVm, 'revision'> => ({
  id: asVmId(id),
  name: id,
  spec: testSpec(),
  unknownKeys: {},
  condition: newCondition(),
  pendingSpec: null,
  createdAtMs: 1_000_000,
  startedAtMs: null,
  endedAtMs: null,
  run: null,
  ...change,
});

/** The run of a VM whose VMM runs as pid 4242. */
export const testRun = (vmId: string, change: Partial<StoredVm['run'] & object> = {}): StoredVm['run'] & object => ({
  vmId,
  runDir: `/data/vm/${vmId}`,
  runId: 'r1',
  hypervisor: 'qemu',
  process: { pid: 4242, startTicks: 99, bootId: 'b' },
  disks: [],
  nics: [],
  live: true,
  startedAtMs: 5_000,
  ...change,
});
