import type { Host } from '@mvirt/host';
import { nestedVirtAllowed } from '../check-parts.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Capabilities, HypervisorDriver } from '../driver.ts';
import { kvmObstacle } from '../kvm.ts';
import { orCancelled } from '../launch-parts.ts';
import { type HypervisorLog, silent } from '../log.ts';
import { noSnapshots } from '../no-snapshots.ts';
import { createWatchdog } from '../watchdog.ts';
import { adoptCloudHypervisor } from './adopt.ts';
import { checkSpec } from './check.ts';
import { settleCloudHypervisor } from './ending.ts';
import { openEventFile } from './event-file.ts';
import { launchCloudHypervisor } from './launch.ts';
import { planLaunch } from './launch-plan.ts';
import { createProber } from './prober.ts';

export type CloudHypervisorDriverDeps = {
  host: Host;
  /** The probe's result is kept here for the next agent; null: nowhere. */
  dataDir: string | null;
  /** The probe guest, an ELF that boots by PVH: tinyGuestPath() of @mvirt/guests. */
  guestImage: string;
  /** Why /dev/kvm is not even tried, null: it opens; replaced in tests. */
  kvm?: () => string | null;
  clock?: Clock;
  log?: HypervisorLog;
};

const capabilities: Capabilities = { pause: null, reboot: null, hotplugDisk: null, hotplugNic: null, resize: null, snapshot: noSnapshots, blockStats: null };

/** Runs VMs on cloud-hypervisor 52 or later, on KVM. */
export function createCloudHypervisorDriver(given: CloudHypervisorDriverDeps): HypervisorDriver {
  const { host, dataDir, guestImage, kvm = kvmObstacle, clock = systemClock(), log = silent } = given;
  const watchdog = createWatchdog({ clock });
  const prober = createProber({ host, dataDir, guestImage, kvm });
  const deps = { host, clock, watchdog };
  const check: HypervisorDriver['check'] = (spec) => checkSpec(spec, { nestedVirtAllowed });

  return {
    kind: 'cloud-hypervisor',
    capabilities,
    check,
    probe: prober.report,
    async launch(request, { signal }) {
      const { program, slow } = await prober.need({ signal });
      const { run, spec, seedImage } = request;
      check(spec);
      const plan = planLaunch({ program, run, spec, seedImage });
      const notes = [...plan.notes, ...(slow ? ["this host's /dev/kvm is too slow for any real guest"] : [])];
      for (const note of notes) log.warn({ vmId: run.vmId }, note);
      return await orCancelled(launchCloudHypervisor(deps, plan, request, { signal }), signal);
    },
    adopt: (run, options) => adoptCloudHypervisor(deps, run, options),
    async causeOfEnd(run, options) {
      const events = openEventFile(run, host.files);
      events.drain(() => {});
      return settleCloudHypervisor(host, run, events.state(), options);
    },
  };
}
