import { asVmId } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';
import type { VmEvent, WatchVmsRequest } from '../wire/index.ts';
import { type CallDeps, serverStream } from './call.ts';
import { toVmEvent } from './vm-message.ts';

/** Milestones of all VMs, or of one. The headers come at once: what happens after them is told. */
export function watchMethods({ vms, events }: Pick<Services, 'vms' | 'events'>, deps: CallDeps) {
  return {
    WatchVms: serverStream<WatchVmsRequest, VmEvent>(deps, 'WatchVms', async function* ({ vm_id }, { signal, ready }) {
      const filter = vm_id ? { vmId: vms.get(asVmId(vm_id)).id } : {};
      const milestones = events.milestones({ ...filter, signal });
      ready();
      for await (const milestone of milestones) yield toVmEvent(milestone);
    }),
  };
}
