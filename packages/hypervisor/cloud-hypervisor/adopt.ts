import { adoptVmm, type Greeting } from '../adopt.ts';
import type { Vmm } from '../driver.ts';
import type { DriverDeps, LiveRun } from '../vmm-deps.ts';
import { openEventFile } from './event-file.ts';
import { createCloudHypervisorVmm } from './vmm.ts';

/** Takes over a living cloud-hypervisor: it answers within a second, or counts as not responding until it does. */
export function adoptCloudHypervisor(deps: DriverDeps, run: LiveRun, options: { signal: AbortSignal }): Promise<Vmm> {
  const vmm = createCloudHypervisorVmm({ ...deps, run, events: openEventFile(run, deps.host.files) });
  const greet = async (greeting: Greeting): Promise<void> => {
    vmm.booted();
    vmm.drain();
    await vmm.look(greeting);
  };
  return adoptVmm(vmm, greet, options);
}
