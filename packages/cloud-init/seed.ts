import { networkConfig } from './network-config.ts';
import { userData } from './user-data.ts';

/** What a VM's NoCloud seed is made from. */
export type SeedInput = {
  vmId: string;
  name: string | null;
  /** Text: cloud-config YAML, a script, any user-data; null: none given. */
  userData: string | null;
  sshKeys: string[];
  macs: string[];
};

export type SeedFile = { name: SeedFileName; content: string };
export const seedFileNames = ['meta-data', 'network-config', 'user-data'] as const;
export type SeedFileName = (typeof seedFileNames)[number];

/** The files of a NoCloud seed, always all three (https://cloudinit.readthedocs.io, "NoCloud"). User-data may hold secrets: mode 0600. */
export function seedFiles(input: SeedInput): SeedFile[] {
  return [
    { name: 'meta-data', content: metaData(input) },
    { name: 'network-config', content: networkConfig(input.macs) },
    { name: 'user-data', content: userData(input.userData, input.sshKeys) },
  ];
}

/** The instance-id is the VM's id and so never changes by itself: cloud-init would take another one for a new machine. */
function metaData({ vmId, name }: SeedInput): string {
  // JSON's strings are YAML's double-quoted ones.
  return `instance-id: ${JSON.stringify(vmId)}\nlocal-hostname: ${JSON.stringify(hostname(name, vmId))}\n`;
}

/** The VM's name; what no hostname may hold becomes a dash, and a VM without a name is called by its id. */
function hostname(name: string | null, vmId: string): string {
  return hostnamePart(name ?? '') || `vm-${hostnamePart(vmId.slice(0, 8)) || 'unnamed'}`;
}

const hostnamePart = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 63)
    .replace(/^[._-]+|[._-]+$/g, '');
