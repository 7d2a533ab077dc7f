import { bytesPerMib, type HostLimits } from '@mvirt/domain';
import type { Host } from '@mvirt/host';

/** What a VM on this host may ask for. */
export function hostLimits({ system }: Pick<Host, 'system'>): HostLimits {
  const { cpus, memoryBytes } = system.figures();
  return { cpus, memoryMib: Math.floor(memoryBytes / bytesPerMib) };
}
