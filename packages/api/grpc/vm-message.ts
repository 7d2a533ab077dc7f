import { assertNever, bootModes, type ObservedState, toUnixSeconds, type VmSpec } from '@mvirt/domain';
import type { VmMilestone, VmSnapshot } from '@mvirt/engine';
import { int64, type Vm, type VmConfig, type VmEvent, VmEventType, VmState } from '../wire/index.ts';

/** A VM as the contract says it; what it has no word for is left out. */
export function toVm({ id, name, spec, condition, createdAtMs, startedAtMs }: VmSnapshot): Vm {
  return {
    id,
    ...(name === null ? {} : { name }),
    state: stateOf(condition.observed),
    config: configOf(spec),
    created_at: int64(toUnixSeconds(createdAtMs)),
    ...(startedAtMs === null ? {} : { started_at: int64(toUnixSeconds(startedAtMs)) }),
  };
}

export function toVmEvent({ kind, vmId, atMs, vm }: VmMilestone): VmEvent {
  return {
    vm_id: vmId,
    type: { created: VmEventType.CREATED, started: VmEventType.STARTED, stopped: VmEventType.STOPPED, deleted: VmEventType.DELETED }[kind],
    timestamp: int64(toUnixSeconds(atMs)),
    ...(vm === null ? {} : { vm: toVm(vm) }),
  };
}

/** The contract has no word for paused: such a VM's VMM runs. */
function stateOf(observed: ObservedState): number {
  switch (observed) {
    case 'stopped':
      return VmState.STOPPED;
    case 'starting':
      return VmState.STARTING;
    case 'running':
    case 'paused':
      return VmState.RUNNING;
    case 'stopping':
      return VmState.STOPPING;
    default:
      return assertNever(observed);
  }
}

function configOf(spec: VmSpec): VmConfig {
  return {
    vcpus: spec.vcpus,
    memory_mb: int64(spec.memoryMib),
    ...present({ kernel: spec.kernel, initramfs: spec.initramfs, cmdline: spec.cmdline, user_data: spec.userData }),
    disks: spec.disks.map(({ path, readonly }) => ({ path, readonly })),
    nics: spec.nics.map(({ tap, mac, vhostSocket }) => present({ tap, mac, vhost_socket: vhostSocket })),
    boot_mode: bootModes.indexOf(spec.bootMode),
    nested_virt: spec.nestedVirt,
  };
}

/** Absent is not empty there. */
function present<Key extends string>(fields: Record<Key, string | null>): { [K in Key]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as { [K in Key]?: string };
}
