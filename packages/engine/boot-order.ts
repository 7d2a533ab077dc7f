import type { ExitCauseKind } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';

/** Ends that the VM's user asked for. */
const byUser: readonly (ExitCauseKind | undefined)[] = ['asked-stop', 'powered-off', 'killed'];

/** Whether a boot of the host starts this VM: it was up, or is to come up with the host, and its user has not stopped it. */
export function startsAtBoot({ condition, spec }: StoredVm): boolean {
  if (condition.observed !== 'stopped') return false;
  return condition.wanted === 'running' || (spec.autostart !== null && !byUser.includes(condition.cause?.kind));
}

/** The VMs that a boot of the host starts, with their times: by their order (those without one last, all at once), each after the pause of the one before it. */
export function bootOrder(vms: readonly StoredVm[], nowMs: number): { vm: StoredVm; atMs: number }[] {
  const orderOf = ({ spec }: StoredVm): number => spec.autostart?.order ?? Number.POSITIVE_INFINITY;
  const sorted = vms.filter(startsAtBoot).toSorted((a, b) => compare(orderOf(a), orderOf(b)) || a.createdAtMs - b.createdAtMs);
  let atMs = nowMs;
  return sorted.map((vm) => {
    const start = { vm, atMs };
    atMs += vm.spec.autostart?.delayMs ?? 0;
    return start;
  });
}

/** Not by difference: infinity less infinity is no order. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
