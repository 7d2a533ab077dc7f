import { z } from 'zod';
import { cmdlineSchema, invalid, partsOf, pathSchema, repeats, tapSchema, userDataSchema } from './create-spec.ts';
import { decodeSpec } from './stored-spec.ts';
import { control } from './visible.ts';
import { type VmId, vmIdSchema } from './vm-id.ts';
import { bootModes, macSchema, type VmSpec } from './vm-spec.ts';

/** An empty text is not given, as the contract's own readers take it. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value: string | null | undefined) => (value === '' ? null : value), schema.nullish()).optional();

/** Any printable text: names repeat here, and need not be host names. */
const nameSchema = z
  .string()
  .max(255, 'must be at most 255 characters long')
  .refine((name) => name.isWellFormed(), 'must be valid Unicode')
  .refine((name) => !control.test(name), 'must not contain control characters')
  .refine((name) => /\S/.test(name), 'must not be blank');

const count = (most: number) => {
  const rule = `must be a whole number up to ${most}`;
  return z.int(rule).min(0, rule).max(most, rule);
};

/** Far more than any hypervisor takes: each says at the start how many it can. */
const maxDevices = 256;

/** The contract's VmConfig, strict about what no VM could ever be made of; what this host cannot run is refused at its start. */
const configSchema = z
  .strictObject({
    vcpus: count(2 ** 32 - 1),
    memory_mb: count(Number.MAX_SAFE_INTEGER),
    kernel: optional(pathSchema),
    initramfs: optional(pathSchema),
    cmdline: cmdlineSchema.nullish(),
    disks: z.array(z.strictObject({ path: pathSchema, readonly: z.boolean() })).max(maxDevices, `must be at most ${maxDevices}`),
    nics: z
      .array(z.strictObject({ tap: optional(tapSchema), mac: optional(macSchema), vhost_socket: optional(pathSchema) }))
      .max(maxDevices, `must be at most ${maxDevices}`),
    user_data: userDataSchema.nullish(),
    boot_mode: z.int().refine((mode) => bootModes[mode] !== undefined, 'is none that this agent knows: give 1 (disk), 2 (kernel), or none'),
    nested_virt: z.boolean(),
  })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const mode = bootModes[config.boot_mode];
    if (mode === 'disk' && config.disks.length === 0) refuse('boot_mode', 'disk needs a disk');
    if (mode === 'kernel' && !config.kernel) refuse('boot_mode', 'kernel needs a kernel');
    if (repeats(config.disks.map(({ path }) => partsOf(path).join('/')))) refuse('disks', 'names the same path twice');
    if (repeats(config.nics.flatMap(({ mac }) => mac ?? []))) refuse('nics', 'names the same MAC twice');
    if (repeats(config.nics.flatMap(({ tap }) => tap ?? []))) refuse('nics', 'names the same TAP twice');
  });

export type ContractConfig = z.input<typeof configSchema>;

/** What the contract's CreateVm gives, under its names. */
export type ContractCreate = { id?: string; name?: string; config: ContractConfig };

/**
 * A VM as the contract can say it: other than `create` through tRPC it takes any printable name, or none, and any size.
 * @throws INVALID_ARGUMENT naming the field
 */
export function parseContractCreate({ id, name, config }: ContractCreate): { id: VmId | null; name: string | null; spec: VmSpec } {
  const own = z.object({ id: vmIdSchema.nullish(), name: optional(nameSchema) }).safeParse({ id, name });
  if (!own.success) throw invalid(own.error);
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) throw invalid(parsed.error);
  return { id: own.data.id ?? null, name: own.data.name ?? null, spec: decodeSpec(parsed.data, null).spec };
}
