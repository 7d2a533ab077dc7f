import { z } from 'zod';
import { autostartSchema, checkSize, createSpecSchema, type HostLimits, invalid, labelsSchema, vmNameSchema } from './create-spec.ts';
import { restartPolicies } from './restart-policy.ts';
import type { VmSpec } from './vm-spec.ts';

/** What `set` takes; labels: null removes one. Unknown keys are refused. */
export const changeSpecSchema = z.strictObject({
  name: vmNameSchema.optional(),
  vcpus: createSpecSchema.shape.vcpus.unwrap().optional(),
  memoryMib: createSpecSchema.shape.memoryMib.unwrap().optional(),
  /** null: as much as it is started with. */
  maxVcpus: createSpecSchema.shape.maxVcpus.unwrap().optional(),
  maxMemoryMib: createSpecSchema.shape.maxMemoryMib.unwrap().optional(),
  cmdline: createSpecSchema.shape.cmdline.unwrap().optional(),
  userData: createSpecSchema.shape.userData.unwrap().optional(),
  labels: z.record(labelsSchema.keyType, labelsSchema.valueType.nullable()).optional(),
  restart: z.enum(restartPolicies).optional(),
  /** null: not at a boot of the host. What is not given stays as it is. */
  autostart: z
    .strictObject({ order: autostartSchema.shape.order.unwrap().optional(), delayMs: autostartSchema.shape.delayMs.unwrap().optional() })
    .nullable()
    .optional(),
});

export type ChangeSpec = z.output<typeof changeSpecSchema>;

/** Checks a change against this host and the spec that it changes. @throws INVALID_ARGUMENT naming the field. */
export function parseChange(input: unknown, spec: VmSpec, host: HostLimits): { change: ChangeSpec; warnings: string[] } {
  const parsed = changeSpecSchema.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error);
  const change = parsed.data;
  const changesSize = [change.vcpus, change.memoryMib, change.maxVcpus, change.maxMemoryMib].some((part) => part !== undefined);
  const size = applyChange(spec, change);
  if (changesSize) checkSize(size, host);
  if (typeof change.cmdline === 'string' && spec.kernel === null) throw invalid(needsKernel);
  const warnings = change.vcpus !== undefined && size.vcpus > host.cpus ? [`${size.vcpus} vCPUs on a host with ${host.cpus}: the VM will be slow`] : [];
  return { change, warnings };
}

const needsKernel = new z.ZodError([{ code: 'custom', path: ['cmdline'], message: 'needs a kernel', input: undefined }]);

/** A spec with a change in it; name is no part of a spec. */
export function applyChange(spec: VmSpec, change: ChangeSpec): VmSpec {
  return { ...applyAtOnce(spec, change), ...launchFields(change) };
}

/** The part that takes effect at once, also while the VM runs. */
export function applyAtOnce(spec: VmSpec, change: ChangeSpec): VmSpec {
  const rules = { ...spec, restart: change.restart ?? spec.restart, autostart: autostartOf(spec, change) };
  return change.labels === undefined ? rules : { ...rules, labels: labelsOf(spec, change.labels) };
}

function autostartOf({ autostart }: VmSpec, change: ChangeSpec): VmSpec['autostart'] {
  if (!change.autostart) return change.autostart === null ? null : autostart;
  return { order: change.autostart.order ?? autostart?.order ?? 0, delayMs: change.autostart.delayMs ?? autostart?.delayMs ?? 0 };
}

function labelsOf(spec: VmSpec, change: NonNullable<ChangeSpec['labels']>): VmSpec['labels'] {
  const merged = { ...spec.labels, ...change };
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null));
}

function launchFields({ vcpus, memoryMib, maxVcpus, maxMemoryMib, cmdline, userData }: ChangeSpec): Partial<VmSpec> {
  return {
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(maxVcpus === undefined ? {} : { maxVcpus }),
    ...(maxMemoryMib === undefined ? {} : { maxMemoryMib }),
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(userData === undefined ? {} : { userData }),
  };
}
