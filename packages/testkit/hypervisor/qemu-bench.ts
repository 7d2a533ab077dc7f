import { type LinuxGuest, tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { createQemuDriver } from '@mvirt/hypervisor/qemu';
import type { HypervisorBench } from './bench.ts';
import { linuxKeys, tinyKeys } from './guest-keys.ts';
import { lackingForNics, type RoomOptions, rooms } from './rooms.ts';

const qemu: Pick<RoomOptions, 'label' | 'driver' | 'brokenWords'> = {
  label: 'qemu',
  driver: ({ host, dataDir }) => createQemuDriver({ host, dataDir, guestImage: tinyGuestPath() }),
  brokenWords: /Image is not in qcow2 format/,
};

/** No operating system resets again within a second of its boot; the bare-metal guest could. */
const resetsApartMs = 1000;

/** QEMU with the bare-metal guest: it does all, or none when told so by its command line. */
export function qemuTinyBench(name: string, cmdline: 'deaf keep' | ''): HypervisorBench {
  const can = cmdline === '';
  const options: RoomOptions = { ...qemu, boot: { kernel: tinyGuestPath(), cmdline, memoryMib: 32 }, keys: tinyKeys, guestMs: 10_000 };
  return {
    name,
    guest: { hearsButton: can, seesHotplug: true, ejects: can },
    missing: lacking(),
    missingForNics: lackingForNics(),
    memoryMib: options.boot.memoryMib,
    takesVcpus,
    guestMs: options.guestMs,
    resetsApartMs,
    ...rooms(options),
  };
}

/** QEMU with a small Linux: null where it cannot be built, with the reason. */
export function qemuLinuxBench(guest: LinuxGuest | null, missing: string | null): HypervisorBench {
  const options: RoomOptions = { ...qemu, boot: { ...guest, memoryMib: 256 }, keys: linuxKeys, guestMs: 60_000 };
  return {
    name: 'QEMU, a small Linux',
    guest: { hearsButton: true, seesHotplug: true, ejects: true },
    missing: lacking() ?? missing,
    missingForNics: lackingForNics(),
    memoryMib: options.boot.memoryMib,
    takesVcpus,
    guestMs: options.guestMs,
    resetsApartMs,
    ...rooms(options),
  };
}

const takesVcpus: HypervisorBench['takesVcpus'] = (accelerator) => accelerator === 'kvm';

function lacking(): string | null {
  if (createLinuxHost().programs.find('qemu-system-x86_64') === null) return 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)';
  return null;
}
