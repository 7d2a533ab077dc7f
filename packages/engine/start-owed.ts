import { bootOrder } from './boot-order.ts';
import type { EngineContext } from './context.ts';
import type { Supervisors } from './supervisors.ts';

/**
 * After recovery: the starts that nobody asks for. Restarts that an earlier agent was waiting for are waited for again;
 * after a boot of the host (another boot id than the last agent's) its VMs are started in their order.
 */
export function startOwed({ store, host, clock, log }: EngineContext, supervisors: Supervisors): void {
  const { bootId } = host.processes;
  const lastBootId = store.notes.get('boot-id');
  // A data directory of before boots were noted tells nothing of them.
  const isNewBoot = lastBootId !== null && lastBootId !== bootId;
  const vms = store.vms.list();
  if (isNewBoot) {
    const starts = bootOrder(vms, clock.nowMs());
    if (starts.length > 0) log.info(`the host was started anew: ${starts.length} VMs are started`);
    // Durable one by one, and the boot last: an agent that dies in between leaves the rest to the next one.
    for (const { vm, atMs } of starts) supervisors.of(vm.id).command({ kind: 'owe', atMs });
  } else {
    const bootMs = vms.reduce((sum, { spec }) => sum + (spec.autostart?.delayMs ?? 0), 0);
    for (const vm of vms) if (vm.condition.restart?.dueAtMs != null) supervisors.of(vm.id).fact({ kind: 'restart-due', atMs: clock.nowMs(), bootMs });
  }
  if (lastBootId !== bootId) store.notes.put('boot-id', bootId);
}
