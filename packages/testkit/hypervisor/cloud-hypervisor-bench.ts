import { tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { createCloudHypervisorDriver } from '@mvirt/hypervisor/cloud-hypervisor';
import type { HypervisorBench } from './bench.ts';
import { tinyKeys } from './guest-keys.ts';
import { lackingForNics, type RoomOptions, rooms } from './rooms.ts';

export type CloudHypervisorBenchOptions = {
  name: string;
  cmdline: 'deaf keep' | '';
  missing: string | null;
  /** Where its program is found; default: as the host has it. */
  host?: RoomOptions['host'];
  /** Replaced where it needs no /dev/kvm. */
  kvm?: () => string | null;
};

/** cloud-hypervisor with the bare-metal guest: it does all, or none when told so by its command line. */
export function cloudHypervisorBench({ name, cmdline, missing, host, kvm }: CloudHypervisorBenchOptions): HypervisorBench {
  const can = cmdline === '';
  const options: RoomOptions = {
    label: 'ch',
    boot: { kernel: tinyGuestPath(), cmdline, memoryMib: 32 },
    keys: tinyKeys,
    guestMs: 10_000,
    driver: (deps) => createCloudHypervisorDriver({ ...deps, guestImage: tinyGuestPath(), ...(kvm ? { kvm } : {}) }),
    brokenWords: /I\/O error \(op=detect_image_type\): failed to fill whole buffer/,
    ...(host ? { host } : {}),
  };
  return {
    name,
    guest: { hearsButton: can, seesHotplug: true, ejects: can },
    missing,
    missingForNics: lackingForNics(),
    memoryMib: options.boot.memoryMib,
    takesVcpus: () => true,
    outlivesGuest: true,
    mayBeSlow: true,
    guestMs: options.guestMs,
    resetsApartMs: 0,
    ...rooms(options),
  };
}

/** Why the real one cannot be run here; null: it can. */
export function lackingCloudHypervisor(): string | null {
  const { programs, system } = createLinuxHost();
  if (programs.find('cloud-hypervisor') === null) return 'cloud-hypervisor is not in PATH (docs/cloud-hypervisor.md)';
  return system.rights().kvm ? null : '/dev/kvm may not be opened';
}
