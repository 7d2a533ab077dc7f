import { z } from 'zod';
import { checkSize, createSpecSchema, type HostLimits, invalid, labelsSchema, vmNameSchema } from './create-spec.ts';
import type { VmSpec } from './vm-spec.ts';

/** What `set` takes; labels: null removes one. Unknown keys are refused. */
export const changeSpecSchema = z.strictObject({
  name: vmNameSchema.optional(),
  vcpus: createSpecSchema.shape.vcpus.unwrap().optional(),
  memoryMib: createSpecSchema.shape.memoryMib.unwrap().optional(),
  cmdline: createSpecSchema.shape.cmdline.unwrap().optional(),
  userData: createSpecSchema.shape.userData.unwrap().optional(),
  labels: z.record(labelsSchema.keyType, labelsSchema.valueType.nullable()).optional(),
});

export type ChangeSpec = z.output<typeof changeSpecSchema>;

/** Checks a change against this host and the spec that it changes. @throws INVALID_ARGUMENT naming the field. */
export function parseChange(input: unknown, spec: VmSpec, host: HostLimits): { change: ChangeSpec; warnings: string[] } {
  const parsed = changeSpecSchema.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error);
  const change = parsed.data;
  const size = { vcpus: change.vcpus ?? spec.vcpus, memoryMib: change.memoryMib ?? spec.memoryMib };
  if (change.vcpus !== undefined || change.memoryMib !== undefined) checkSize(size, host);
  if (typeof change.cmdline === 'string' && spec.kernel === null) throw invalid(needsKernel);
  const warnings = change.vcpus !== undefined && size.vcpus > host.cpus ? [`${size.vcpus} vCPUs on a host with ${host.cpus}: the VM will be slow`] : [];
  return { change, warnings };
}

const needsKernel = new z.ZodError([{ code: 'custom', path: ['cmdline'], message: 'needs a kernel', input: undefined }]);

/** A spec with a change in it; name is no part of a spec. */
export function applyChange(spec: VmSpec, change: ChangeSpec): VmSpec {
  return { ...applyLabels(spec, change), ...restartFields(change) };
}

/** The part that takes effect at once, also while the VM runs. */
export function applyLabels(spec: VmSpec, change: ChangeSpec): VmSpec {
  if (change.labels === undefined) return spec;
  const merged = { ...spec.labels, ...change.labels };
  const labels = Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null));
  return { ...spec, labels };
}

function restartFields({ vcpus, memoryMib, cmdline, userData }: ChangeSpec): Partial<VmSpec> {
  return {
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(userData === undefined ? {} : { userData }),
  };
}
