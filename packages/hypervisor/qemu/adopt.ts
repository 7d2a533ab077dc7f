import { adoptVmm, type Greeting } from '../adopt.ts';
import type { Vmm } from '../driver.ts';
import type { DriverDeps, LiveRun } from '../vmm-deps.ts';
import { openEventFile } from './event-file.ts';
import { createQemuVmm } from './vmm.ts';

/** Takes over a living QEMU: it answers within a second, or counts as not responding until it does. */
export function adoptQemu(deps: DriverDeps, run: LiveRun, options: { signal: AbortSignal }): Promise<Vmm> {
  const vmm = createQemuVmm({ ...deps, run, events: openEventFile(run, deps.host.files) });
  const greet = async (greeting: Greeting): Promise<void> => {
    vmm.drain();
    const answers = (await vmm.link.connect()) && (await vmm.link.ready(greeting));
    if (!answers) vmm.silent();
    // What it answers to this is no reason to let go of it, and its silence is told.
    else await vmm.ask(greeting).catch(() => {});
    vmm.drain();
  };
  return adoptVmm(vmm, greet, options);
}
