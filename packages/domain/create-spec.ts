import { z } from 'zod';
import { diskFormats } from './disk-format.ts';
import { MvirtError } from './error.ts';
import { diskSizeSchema, imageNameSchema } from './image-spec.ts';
import { bridgeOf, nicNetworkSchema } from './network-spec.ts';
import { restartPolicies } from './restart-policy.ts';
import { control, visible } from './visible.ts';
import { vmIdSchema } from './vm-id.ts';
import type { VmSizes } from './vm-size.ts';
import { defaultFormat, macSchema, type Nic, type VmSpec } from './vm-spec.ts';

export type HostLimits = { cpus: number; memoryMib: number };

const maxLabels = 64;
const maxDisks = 24;
const maxPathBytes = 4095; // PATH_MAX less its NUL
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0'), 'must not contain NUL');

/** A path's parts, so that /a, //a and /./a are the same. */
export const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** An absolute path without control characters or `..` parts, and not into the kernel's own filesystems. */
export const pathSchema = z
  .string()
  .min(1, 'must not be empty')
  .refine((path) => new TextEncoder().encode(path).length <= maxPathBytes, `must be at most ${maxPathBytes} bytes long`)
  .refine((path) => path.isWellFormed(), 'must be valid Unicode')
  .refine((path) => path.startsWith('/'), 'must be an absolute path')
  .refine((path) => !control.test(path), 'must not contain control characters')
  .refine((path) => !path.split('/').includes('..'), 'must not contain ".."')
  .refine((path) => !['proc', 'sys'].includes(partsOf(path)[0] ?? ''), 'must not be in /proc or /sys');

/** 1 to 63 of [a-z0-9-]; no dash at either end, so that it is a host name and never an option. */
export const vmNameSchema = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 - and not start or end with a dash');

export const labelsSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, 'label keys are 1 to 63 of A-Z a-z 0-9 . _ / -'),
    z
      .string()
      .max(255)
      .refine((value) => !control.test(value), 'must not contain control characters'),
  )
  .refine((labels) => Object.keys(labels).length <= maxLabels, `must be at most ${maxLabels}`);

export const diskSchema = z
  .strictObject({ path: pathSchema, readonly: z.boolean().default(false), format: z.enum(diskFormats).optional() })
  .transform((disk) => ({ ...disk, format: disk.format ?? defaultFormat(disk.path) }));

/** An interface name as the kernel takes it. */
export const tapSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/, 'must be the name of a TAP, 1 to 15 characters');

/** network null: the agent's own --bridge, or the client's TAP. ips: what the network is to keep for this NIC, at most one of each family. */
export const nicSchema = z
  .strictObject({
    tap: tapSchema.nullable().default(null),
    mac: macSchema.nullable().default(null),
    network: nicNetworkSchema.nullable().default(null),
    ips: z
      .array(z.union([z.ipv4(), z.ipv6()], 'must be an IP address'))
      .max(2)
      .default([]),
  })
  .superRefine((nic, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (nic.tap !== null && nic.network !== null) refuse('network', 'cannot be given with a TAP: the TAP is where its owner put it');
    if (nic.ips.length > 0 && (nic.network === null || bridgeOf(nic.network) !== null))
      refuse('ips', 'need a network of mvirt: on a bridge others give addresses');
    if (nic.ips.filter((ip) => ip.includes(':')).length > 1 || nic.ips.filter((ip) => !ip.includes(':')).length > 1)
      refuse('ips', 'must be at most one of each family');
  });

export type NicInput = z.output<typeof nicSchema>;

export const sshKeySchema = z
  .string()
  .trim()
  .max(16_384)
  .regex(/^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\u0000-\u001f\u007f]*)?$/, 'must be one public key line such as "ssh-ed25519 AAAA… me@host"');

/** A place in the order of a boot, and the pause after it: at most an hour. */
export const autostartSchema = z.strictObject({
  order: z.int('must be a whole number').min(0, 'must be at least 0').max(9999, 'must be at most 9999').default(0),
  delayMs: z.int().min(0).max(3_600_000, 'must be at most an hour').default(0),
});

export const cmdlineSchema = text(65_535).refine((line) => !control.test(line), 'must not contain control characters');

/** At most 1 MiB. */
export const userDataSchema = text(1_048_576);

/** What `create` through tRPC takes: strict, unknown keys refused. */
export const createSpecSchema = z
  .strictObject({
    id: vmIdSchema.optional(),
    name: vmNameSchema.optional(),
    vcpus: z.int('must be a whole number').min(1, 'must be at least 1').default(1),
    memoryMib: z.int().min(64, 'must be at least 64 MiB').default(512),
    maxVcpus: z.int('must be a whole number').min(1, 'must be at least 1').nullable().default(null),
    maxMemoryMib: z.int().min(64, 'must be at least 64 MiB').nullable().default(null),
    kernel: pathSchema.nullable().default(null),
    initramfs: pathSchema.nullable().default(null),
    cmdline: cmdlineSchema.nullable().default(null),
    firmware: pathSchema.nullable().default(null),
    disks: z.array(diskSchema).max(maxDisks).default([]),
    /** The stored image that its first disk is made of. */
    image: imageNameSchema.nullable().default(null),
    /** Of that disk; null: the image's own size. */
    diskSizeBytes: diskSizeSchema.nullable().default(null),
    nics: z.array(nicSchema).max(8).default([]),
    userData: userDataSchema.nullable().default(null),
    sshKeys: z.array(sshKeySchema).max(64).default([]),
    labels: labelsSchema.default({}),
    hypervisor: z.enum(['auto', 'cloud-hypervisor', 'qemu']).default('auto'),
    restart: z.enum(restartPolicies).default('never'),
    autostart: autostartSchema.nullable().default(null),
  })
  .superRefine((spec, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (spec.kernel !== null && spec.firmware !== null) refuse('firmware', 'cannot be given with a kernel: choose one');
    if (spec.kernel === null && spec.initramfs !== null) refuse('initramfs', 'needs a kernel');
    if (spec.kernel === null && spec.cmdline !== null) refuse('cmdline', 'needs a kernel');
    const disks = spec.disks.length + (spec.image === null ? 0 : 1);
    if (spec.kernel === null && spec.firmware === null && disks === 0) refuse('disks', 'nothing to boot: give an image, a disk, a kernel or a firmware');
    if (disks > maxDisks) refuse('disks', `must be at most ${maxDisks}, the image's own included`);
    if (spec.image === null && spec.diskSizeBytes !== null) refuse('diskSizeBytes', 'needs an image');
    if (repeats(spec.disks.map((disk) => partsOf(disk.path).join('/')))) refuse('disks', 'names the same path twice');
    if (repeats(spec.nics.flatMap((nic) => nic.mac ?? []))) refuse('nics', 'names the same MAC twice');
    if (repeats(spec.nics.flatMap((nic) => nic.tap ?? []))) refuse('nics', 'names the same TAP twice');
  });

export type CreateInput = z.input<typeof createSpecSchema>;
export type CreateSpec = z.output<typeof createSpecSchema>;

export const repeats = (values: string[]): boolean => new Set(values).size !== values.length;

/** image: what its own disk is to be made of, and how large (null: as the image is). */
export type ParsedCreate = {
  spec: VmSpec;
  id: CreateSpec['id'];
  name: CreateSpec['name'];
  image: { name: string; sizeBytes: number | null } | null;
  warnings: string[];
};

/**
 * Checks a create request against this host. @throws INVALID_ARGUMENT naming the field.
 * Warnings are for what runs, but slowly.
 */
export function parseCreate(input: unknown, host: HostLimits): ParsedCreate {
  const parsed = createSpecSchema.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error);
  const { id, name, image, diskSizeBytes, ...fields } = parsed.data;
  checkSize(fields, host);
  const warnings = fields.vcpus > host.cpus ? [`${fields.vcpus} vCPUs on a host with ${host.cpus}: the VM will be slow`] : [];
  const bootMode = fields.kernel === null ? 'disk' : 'kernel';
  const nics = fields.nics.map(toNic);
  const spec = { ...fields, nics, ownDisk: null, bootMode, nestedVirt: false } as const;
  return { spec, id, name, image: image === null ? null : { name: image, sizeBytes: diskSizeBytes }, warnings };
}

/** A NIC as it was asked for: what its network gives it is not looked up yet. */
export function toNic({ tap, mac, network, ips }: NicInput): Nic {
  const of = (family: 'ipv4' | 'ipv6') => ips.find((ip) => ip.includes(':') === (family === 'ipv6')) ?? null;
  return { tap, mac, vhostSocket: null, network: network === null ? null : { name: network, ipv4: of('ipv4'), ipv6: of('ipv6') } };
}

/** @throws INVALID_ARGUMENT where vCPUs or memory are more than this host can give, or than what the VM is to have at most. */
export function checkSize({ vcpus, memoryMib, maxVcpus, maxMemoryMib }: VmSizes, host: HostLimits): void {
  const most = { vcpus: host.cpus * 8, memoryMib: host.memoryMib };
  const refuse = (message: string, hint: string): never => {
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message, hint });
  };
  for (const [field, count] of Object.entries({ vcpus, maxVcpus })) {
    if (count !== null && count > most.vcpus)
      refuse(`${shown(field)}: ${count} is more than 8 for each of this host's ${host.cpus} CPUs`, `give at most ${most.vcpus}`);
  }
  for (const [field, mib] of Object.entries({ memoryMib, maxMemoryMib })) {
    if (mib !== null && mib > most.memoryMib) refuse(`${shown(field)}: ${mib} MiB is more than this host has`, `give at most ${most.memoryMib} MiB`);
  }
  if (maxVcpus !== null && vcpus > maxVcpus) refuse(`vcpus: ${vcpus} is more than max-vcpus, ${maxVcpus}`, 'raise max-vcpus as well');
  if (maxMemoryMib !== null && memoryMib > maxMemoryMib) {
    refuse(`memory: ${memoryMib} MiB is more than max-memory, ${maxMemoryMib} MiB`, 'raise max-memory as well');
  }
}

/** Fields as users write them. */
const shown = (field: string): string =>
  ({ memoryMib: 'memory', maxMemoryMib: 'max-memory', maxVcpus: 'max-vcpus', diskSizeBytes: 'disk-size' })[field] ?? field;

/** The first thing a Zod error says, as INVALID_ARGUMENT: `field: what is wrong`. */
export function invalid(error: z.ZodError): MvirtError {
  const issue = error.issues[0];
  const field = shown(visible(issue?.path.join('.') ?? ''));
  const what = issue === undefined ? 'invalid' : whatIsWrong(issue);
  return new MvirtError({ code: 'INVALID_ARGUMENT', message: field ? `${field}: ${what}` : what, cause: error });
}

function whatIsWrong(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.map(visible).join(', ')}`;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}
