import { asVmId, MvirtError } from '@mvirt/domain';
import type { ActionResult, Services } from '@mvirt/engine';
import type { AttachDiskRequest, AttachNicRequest, DetachDiskRequest, DetachNicRequest, NicConfig, Vm } from '../wire/index.ts';
import { type Call, type CallDeps, unary } from './call.ts';
import { toVm } from './vm-message.ts';

/** Disks and NICs come and go: at once in a guest that is up, at the next start of a VM that is off. */
export function deviceMethods({ vms }: Pick<Services, 'vms'>, deps: CallDeps) {
  return {
    AttachDisk: unary<AttachDiskRequest, Vm>(deps, 'AttachDisk', async ({ vm_id, disk }, call) => {
      if (disk === null) throw required('disk');
      return changed(await vms.attachDisk(asVmId(vm_id), disk, call), call);
    }),
    DetachDisk: unary<DetachDiskRequest, Vm>(deps, 'DetachDisk', async ({ vm_id, path }, call) =>
      changed(await vms.detachDisk(asVmId(vm_id), path, call), call),
    ),
    AttachNic: unary<AttachNicRequest, Vm>(deps, 'AttachNic', async ({ vm_id, nic }, call) => {
      if (nic === null) throw required('nic');
      return changed(await vms.attachNic(asVmId(vm_id), plugged(nic), call), call);
    }),
    DetachNic: unary<DetachNicRequest, Vm>(deps, 'DetachNic', async ({ vm_id, mac }, call) => changed(await vms.detachNic(asVmId(vm_id), mac, call), call)),
  };
}

const required = (field: string): MvirtError => new MvirtError({ code: 'INVALID_ARGUMENT', message: `${field} is required` });

/** An empty text is not given. No hypervisor of ours runs vhost-user NICs. */
function plugged({ tap, mac, vhost_socket }: NicConfig): { tap?: string; mac?: string } {
  if (vhost_socket) {
    throw new MvirtError({
      code: 'UNSUPPORTED',
      message: 'nic.vhost_socket: mvirt runs no vhost-user NICs',
      hint: 'leave it out: the agent makes a TAP then',
    });
  }
  return { ...(tap ? { tap } : {}), ...(mac ? { mac } : {}) };
}

function changed({ vm, note }: ActionResult, call: Call): Vm {
  if (note !== null) call.note(note);
  return toVm(vm);
}
