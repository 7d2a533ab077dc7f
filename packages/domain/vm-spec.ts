import { z } from 'zod';
import type { DiskFormat } from './disk-format.ts';
import type { HypervisorChoice } from './hypervisor-kind.ts';
import type { Autostart, RestartPolicy } from './restart-policy.ts';

export const bootModes = ['unspecified', 'disk', 'kernel'] as const;
export type BootMode = (typeof bootModes)[number];

export type Disk = {
  /** On the agent's host, absolute. */
  path: string;
  readonly: boolean;
  /** Declared at create and never probed: a guest may write any header onto its own disk. */
  format: DiskFormat;
};

export type Nic = {
  /** A TAP named by the client must exist and is used as it is; null: the agent makes one on its bridge. */
  tap: string | null;
  /** Lower case, colons; null: derived from the VM's id and the NIC's index. */
  mac: string | null;
  vhostSocket: string | null;
  /** null: the agent's own --bridge (what the contract means), or a TAP of the client's. */
  network: NicNetwork | null;
};

/** What a NIC is on. */
export type NicNetwork = {
  /** A network's name, or `bridge:NAME`. */
  name: string;
  /** What the network keeps for this NIC, as canonical text; null: none of that family, or a bridge. */
  ipv4: string | null;
  ipv6: string | null;
};

/** The disk that was made for a VM from a stored image; it goes with the VM. */
export type OwnDisk = {
  /** The image's name then. */
  image: string;
  /** Who logs in to the image's guests; null: not known. */
  user: string | null;
  path: string;
  /** Whether it has only what differs from the image, which then must stay. */
  overlay: boolean;
};

/** What a VM is made of. The contract's fields and ours in one shape; absent is null. */
export type VmSpec = {
  vcpus: number;
  memoryMib: number;
  /** Ours: how many vCPUs it may be given while it runs; null: none but those it was started with. */
  maxVcpus: number | null;
  /** Ours: how much memory it may be given while it runs; null: as above. */
  maxMemoryMib: number | null;
  bootMode: BootMode;
  /** A kernel image, or a firmware image where bootOf() says so. */
  kernel: string | null;
  initramfs: string | null;
  cmdline: string | null;
  /** Ours: a firmware image; the contract has no such field. */
  firmware: string | null;
  disks: Disk[];
  /** Ours: which of the disks was made for it; it stays the VM's own where it is detached. null: none. */
  ownDisk: OwnDisk | null;
  nics: Nic[];
  /** Text (cloud-config YAML or a script), not a path. */
  userData: string | null;
  nestedVirt: boolean;
  sshKeys: string[];
  labels: Record<string, string>;
  hypervisor: HypervisorChoice;
  restart: RestartPolicy;
  /** null: a boot of the host leaves it alone. */
  autostart: Autostart | null;
};

const macPattern = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

/** A unicast MAC, lower-cased. */
export const macSchema = z
  .string()
  .toLowerCase()
  .regex(macPattern, 'must be six bytes in hex with colons, such as 52:54:00:12:34:56')
  .refine((mac) => mac !== '00:00:00:00:00:00', 'must not be all zero')
  .refine((mac) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0, 'must be a unicast address: its first byte is even');

/** The format that stands for a disk whose format nobody gave: qcow2 by its name's ending, else raw. */
export const defaultFormat = (path: string): DiskFormat => (path.endsWith('.qcow2') ? 'qcow2' : 'raw');
