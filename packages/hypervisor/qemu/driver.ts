import { existsSync } from 'node:fs';
import type { Host } from '@mvirt/host';
import { nestedVirtAllowed } from '../check-parts.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Capabilities, HypervisorDriver } from '../driver.ts';
import { orCancelled } from '../launch-parts.ts';
import { type HypervisorLog, silent } from '../log.ts';
import { noSnapshots } from '../no-snapshots.ts';
import { createWatchdog } from '../watchdog.ts';
import { adoptQemu } from './adopt.ts';
import { checkSpec } from './check.ts';
import { settleQemu } from './ending.ts';
import { openEventFile } from './event-file.ts';
import type { FirmwareFiles } from './firmware.ts';
import { launchQemu } from './launch.ts';
import { planLaunch } from './launch-plan.ts';
import { createProber } from './prober.ts';

export type QemuDriverDeps = {
  host: Host;
  /** The probe's result is kept here for the next agent; null: nowhere. */
  dataDir: string | null;
  /** The probe guest, an ELF that boots by PVH: tinyGuestPath() of @mvirt/guests. */
  guestImage: string;
  clock?: Clock;
  log?: HypervisorLog;
};

const capabilities: Capabilities = { pause: null, reboot: null, hotplugDisk: null, hotplugNic: null, resize: null, snapshot: noSnapshots, blockStats: null };

/** Where Debian's package ovmf puts an image with its variables in it. */
const ovmfPaths = ['/usr/share/ovmf/OVMF.fd', '/usr/share/qemu/OVMF.fd'];

/** Runs VMs on QEMU 7.2 or later, q35, with KVM where a guest really runs on it and TCG elsewhere. */
export function createQemuDriver({ host, dataDir, guestImage, clock = systemClock(), log = silent }: QemuDriverDeps): HypervisorDriver {
  const watchdog = createWatchdog({ clock });
  const prober = createProber({ host, dataDir, guestImage });
  const firmwareFiles = (): FirmwareFiles => ({ ovmf: ovmfPaths.find(existsSync) ?? null, exists: existsSync });
  const deps = { host, clock, watchdog };

  const check: HypervisorDriver['check'] = (spec) => checkSpec(spec, { accelerator: prober.known(), firmwareFiles: firmwareFiles(), nestedVirtAllowed });

  return {
    kind: 'qemu',
    capabilities,
    check,
    probe: prober.report,
    async launch(request, { signal }) {
      const { program, accelerator } = await prober.need({ signal });
      const { run, spec, seedImage } = request;
      check(spec);
      const plan = planLaunch({ program, run, spec, seedImage, accelerator, firmwareFiles: firmwareFiles() });
      for (const note of plan.notes) log.warn({ vmId: run.vmId }, note);
      return await orCancelled(launchQemu(deps, plan, request, { signal }), signal);
    },
    adopt: (run, options) => adoptQemu(deps, run, options),
    async causeOfEnd(run, options) {
      using events = openEventFile(run, host.files);
      events.drain(() => {});
      return settleQemu(host, run, events.state(), options);
    },
  };
}
