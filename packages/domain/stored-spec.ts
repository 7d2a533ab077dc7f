import { z } from 'zod';
import { autostartSchema } from './create-spec.ts';
import { diskFormats } from './disk-format.ts';
import { restartPolicies } from './restart-policy.ts';
import { type BootMode, bootModes, defaultFormat, type Nic, type NicNetwork, type VmSpec } from './vm-spec.ts';

const optionalText = z.string().nullish().catch(null);

const contractDisk = z.looseObject({ path: z.string(), readonly: z.boolean().catch(false) });
const contractNic = z.looseObject({ tap: optionalText, mac: optionalText, vhost_socket: optionalText });

/** A list whose unreadable entries are left out, so that one of them does not take the others along. */
const listOf = <T extends z.ZodType>(entry: T) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((entries) => entries.map((one) => entry.safeParse(one)).flatMap((parsed) => (parsed.success ? [parsed.data] : [])));

/**
 * The contract's `config_json` (snake_case) and our own columns beside it. Reading accepts all that the contract
 * can say and keeps keys it does not know; writing puts back a form that the contract's own readers open.
 */
const contractSchema = z.looseObject({
  vcpus: z.number().catch(1),
  memory_mb: z.number().catch(0),
  kernel: optionalText,
  initramfs: optionalText,
  cmdline: optionalText,
  disks: listOf(contractDisk),
  nics: listOf(contractNic),
  user_data: optionalText,
  boot_mode: z.number().nullish().catch(0),
  nested_virt: z.boolean().nullish().catch(false),
});

/** What the contract has no field for; kept in a table of our own. */
export const extrasSchema = z.object({
  firmware: z.string().nullable().default(null),
  maxVcpus: z.number().nullable().default(null),
  maxMemoryMib: z.number().nullable().default(null),
  /** By disk path. */
  formats: z.record(z.string(), z.enum(diskFormats)).default({}),
  /** By MAC: the networks of NICs that are not on the agent's own bridge. */
  networks: z.record(z.string(), z.object({ name: z.string(), ipv4: z.string().nullable(), ipv6: z.string().nullable() })).default({}),
  ownDisk: z.object({ image: z.string(), user: z.string().nullable(), path: z.string(), overlay: z.boolean() }).nullable().default(null),
  sshKeys: z.array(z.string()).default([]),
  labels: z.record(z.string(), z.string()).default({}),
  hypervisor: z.enum(['auto', 'cloud-hypervisor', 'qemu']).default('auto'),
  restart: z.enum(restartPolicies).default('never'),
  autostart: autostartSchema.nullable().default(null),
});

export type SpecExtras = z.output<typeof extrasSchema>;

/** Made once: a schema is dear to make and cheap to use. */
const storedExtrasSchema = extrasSchema.catch(() => extrasSchema.parse({}));

const knownKeys = new Set(Object.keys(contractSchema.shape));
const knownDiskKeys = new Set(Object.keys(contractDisk.shape));
const knownNicKeys = new Set(Object.keys(contractNic.shape));

/**
 * A stored VM's spec; never throws, so that no row is lost over its contents. unknownKeys: the keys of the object that
 * the contract does not have, and under `disks` (by path) and `nics` (by nicKey) those of their entries.
 */
export function decodeSpec(configJson: unknown, extras: unknown): { spec: VmSpec; unknownKeys: Record<string, unknown> } {
  const config = contractSchema.parse(isRecord(configJson) ? configJson : {});
  const own = storedExtrasSchema.parse(extras ?? {});
  const formatOf = (path: string) => (Object.hasOwn(own.formats, path) ? own.formats[path] : undefined) ?? defaultFormat(path);
  const networkOf = (mac: string | null): NicNetwork | null => (mac !== null && Object.hasOwn(own.networks, mac) ? own.networks[mac] : undefined) ?? null;
  const nics = config.nics.map((nic): Nic => {
    const mac = nic.mac?.toLowerCase() || null;
    return { tap: nic.tap || null, mac, vhostSocket: nic.vhost_socket || null, network: nic.tap || nic.vhost_socket ? null : networkOf(mac) };
  });
  const spec: VmSpec = {
    vcpus: config.vcpus,
    memoryMib: config.memory_mb,
    maxVcpus: own.maxVcpus,
    maxMemoryMib: own.maxMemoryMib,
    bootMode: bootModes[config.boot_mode ?? 0] ?? 'unspecified',
    kernel: config.kernel || null,
    initramfs: config.initramfs ?? null,
    cmdline: config.cmdline ?? null,
    firmware: own.firmware,
    disks: config.disks.map((disk) => ({ path: disk.path, readonly: disk.readonly, format: formatOf(disk.path) })),
    ownDisk: own.ownDisk,
    nics,
    userData: config.user_data ?? null,
    nestedVirt: config.nested_virt ?? false,
    sshKeys: own.sshKeys,
    labels: own.labels,
    hypervisor: own.hypervisor,
    restart: own.restart,
    autostart: own.autostart,
  };
  const unknownKeys = {
    ...unknownOf(config, knownKeys),
    ...unknownOfEach(
      'disks',
      config.disks.map((disk) => [disk.path, unknownOf(disk, knownDiskKeys)]),
    ),
    ...unknownOfEach(
      'nics',
      config.nics.map((nic, index) => [nicKey(nics[index], index), unknownOf(nic, knownNicKeys)]),
    ),
  };
  return { spec, unknownKeys };
}

/** The inverse of decodeSpec: the contract's object (first-release readers need a kernel string) and our extras. */
export function encodeSpec(spec: VmSpec, unknownKeys: Record<string, unknown> = {}): { config: Record<string, unknown>; extras: SpecExtras } {
  const config = {
    ...unknownKeys,
    vcpus: spec.vcpus,
    memory_mb: spec.memoryMib,
    kernel: spec.kernel ?? '',
    initramfs: spec.initramfs,
    cmdline: spec.cmdline,
    disks: spec.disks.map(({ path, readonly }) => ({ ...entryKeys(unknownKeys.disks, path), path, readonly })),
    nics: spec.nics.map((nic, index) => ({ ...entryKeys(unknownKeys.nics, nicKey(nic, index)), tap: nic.tap, mac: nic.mac, vhost_socket: nic.vhostSocket })),
    user_data: spec.userData,
    boot_mode: bootModes.indexOf(spec.bootMode satisfies BootMode),
    nested_virt: spec.nestedVirt,
  };
  const extras: SpecExtras = {
    firmware: spec.firmware,
    maxVcpus: spec.maxVcpus,
    maxMemoryMib: spec.maxMemoryMib,
    formats: Object.fromEntries(spec.disks.map((disk) => [disk.path, disk.format])),
    networks: Object.fromEntries(spec.nics.flatMap(({ mac, network }) => (mac === null || network === null ? [] : [[mac, network] as const]))),
    ownDisk: spec.ownDisk,
    sshKeys: spec.sshKeys,
    labels: spec.labels,
    hypervisor: spec.hypervisor,
    restart: spec.restart,
    autostart: spec.autostart,
  };
  return { config, extras };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What tells a NIC from its neighbours when others come and go: its place only where it has nothing of its own. */
const nicKey = (nic: Nic | undefined, index: number): string => nic?.mac ?? nic?.tap ?? nic?.vhostSocket ?? `${index}`;

const unknownOf = (entry: Record<string, unknown>, known: Set<string>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(entry).filter(([key]) => !known.has(key)));

function unknownOfEach(list: 'disks' | 'nics', entries: [key: string, unknown: Record<string, unknown>][]): Record<string, unknown> {
  const odd = entries.filter(([, unknown]) => Object.keys(unknown).length > 0);
  return odd.length === 0 ? {} : { [list]: Object.fromEntries(odd) };
}

function entryKeys(byKey: unknown, key: string): Record<string, unknown> {
  const keys = isRecord(byKey) && Object.hasOwn(byKey, key) ? byKey[key] : undefined;
  return isRecord(keys) ? keys : {};
}
