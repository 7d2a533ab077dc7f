import type { ProcessIdentity, RunRecord } from '@mvirt/domain';
import type { Vmm } from '../driver.ts';
import { openEventFile } from './event-file.ts';
import type { LaunchDeps } from './launch.ts';
import { createCloudHypervisorVmm } from './vmm.ts';

/** A VMM that is stopped or hangs must not hold up an agent that starts. */
const adoptMs = 900;

/** Takes over a living cloud-hypervisor: it answers within a second, or counts as not responding until it does. */
export async function adoptCloudHypervisor(
  { host, clock, watchdog }: LaunchDeps,
  run: RunRecord & { process: ProcessIdentity },
  { signal }: { signal: AbortSignal },
): Promise<Vmm> {
  signal.throwIfAborted();
  const events = openEventFile(run, host.files);
  const vmm = createCloudHypervisorVmm({ host, clock, watchdog, run, events });
  try {
    vmm.booted();
    vmm.drain();
    await vmm.look({ timeoutMs: adoptMs, signal });
    signal.throwIfAborted();
    return vmm;
  } catch (error) {
    vmm.close();
    throw error;
  }
}
