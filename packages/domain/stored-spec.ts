import { z } from 'zod';
import { type BootMode, bootModes, defaultFormat, diskFormats, type VmSpec } from './vm-spec.ts';

/**
 * The contract's `config_json` (snake_case) and our own columns beside it. Reading accepts all that the contract
 * can say and keeps keys it does not know; writing puts back a form that the contract's own readers open.
 */
const contractSchema = z.looseObject({
  vcpus: z.number().catch(1),
  memory_mb: z.number().catch(0),
  kernel: z.string().nullish().catch(null),
  initramfs: z.string().nullish().catch(null),
  cmdline: z.string().nullish().catch(null),
  disks: z.array(z.looseObject({ path: z.string(), readonly: z.boolean().catch(false) })).catch([]),
  nics: z.array(z.looseObject({ tap: z.string().nullish(), mac: z.string().nullish(), vhost_socket: z.string().nullish() })).catch([]),
  user_data: z.string().nullish().catch(null),
  boot_mode: z.number().nullish().catch(0),
  nested_virt: z.boolean().nullish().catch(false),
});

/** What the contract has no field for; kept in a table of our own. */
export const extrasSchema = z.object({
  firmware: z.string().nullable().default(null),
  /** By disk path. */
  formats: z.record(z.string(), z.enum(diskFormats)).default({}),
  sshKeys: z.array(z.string()).default([]),
  labels: z.record(z.string(), z.string()).default({}),
  hypervisor: z.enum(['auto', 'cloud-hypervisor', 'qemu']).default('auto'),
});

export type SpecExtras = z.output<typeof extrasSchema>;

/** Made once: a schema is dear to make and cheap to use. */
const storedExtrasSchema = extrasSchema.catch(() => extrasSchema.parse({}));

const knownKeys = new Set(Object.keys(contractSchema.shape));

/** A stored VM's spec; never throws for an object, so that no row is lost over its contents. */
export function decodeSpec(configJson: unknown, extras: unknown): { spec: VmSpec; unknownKeys: Record<string, unknown> } {
  const config = contractSchema.parse(typeof configJson === 'object' && configJson !== null ? configJson : {});
  const own = storedExtrasSchema.parse(extras ?? {});
  const spec: VmSpec = {
    vcpus: config.vcpus,
    memoryMib: config.memory_mb,
    bootMode: bootModes[config.boot_mode ?? 0] ?? 'unspecified',
    kernel: config.kernel || null,
    initramfs: config.initramfs ?? null,
    cmdline: config.cmdline ?? null,
    firmware: own.firmware,
    disks: config.disks.map((disk) => ({ path: disk.path, readonly: disk.readonly, format: own.formats[disk.path] ?? defaultFormat(disk.path) })),
    nics: config.nics.map((nic) => ({ tap: nic.tap || null, mac: nic.mac?.toLowerCase() || null, vhostSocket: nic.vhost_socket || null })),
    userData: config.user_data ?? null,
    nestedVirt: config.nested_virt ?? false,
    sshKeys: own.sshKeys,
    labels: own.labels,
    hypervisor: own.hypervisor,
  };
  const unknownKeys = Object.fromEntries(Object.entries(config).filter(([key]) => !knownKeys.has(key)));
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
    disks: spec.disks.map(({ path, readonly }) => ({ path, readonly })),
    nics: spec.nics.map(({ tap, mac, vhostSocket }) => ({ tap, mac, vhost_socket: vhostSocket })),
    user_data: spec.userData,
    boot_mode: bootModes.indexOf(spec.bootMode satisfies BootMode),
    nested_virt: spec.nestedVirt,
  };
  const extras: SpecExtras = {
    firmware: spec.firmware,
    formats: Object.fromEntries(spec.disks.map((disk) => [disk.path, disk.format])),
    sshKeys: spec.sshKeys,
    labels: spec.labels,
    hypervisor: spec.hypervisor,
  };
  return { config, extras };
}
