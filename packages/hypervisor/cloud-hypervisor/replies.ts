import { bytesPerMib, type Disk } from '@mvirt/domain';
import { z } from 'zod';

export const anything = z.unknown();

const disks = z
  .array(z.object({ id: z.string().nullish(), path: z.string().nullish(), readonly: z.boolean().nullish(), image_type: z.string().nullish() }))
  .nullish();
const nics = z.array(z.object({ id: z.string().nullish(), tap: z.string().nullish(), mac: z.string().nullish() })).nullish();

/** Only what is looked at; unset members are left out since v53 and null before. */
export const infoReply = z
  .object({
    state: z.string(),
    config: z.object({ cpus: z.object({ boot_vcpus: z.number() }), memory: z.object({ size: z.number() }), disks, net: nics }),
    device_tree: z.record(z.string(), z.unknown()).nullish(),
  })
  .transform(({ state, config, device_tree: tree }) => ({
    state,
    /** As asked for: the guest may not have let go of the others yet. */
    vcpus: config.cpus.boot_vcpus,
    memoryMib: config.memory.size / bytesPerMib,
    /** Every device that the guest has, one whose removal is pending included. */
    devices: new Set(Object.keys(tree ?? {})),
    /** Without those whose removal is pending. */
    configured: new Set([...(config.disks ?? []), ...(config.net ?? [])].flatMap(({ id }) => (id ? [id] : []))),
    disks: (config.disks ?? []).flatMap(({ id, path, readonly, image_type: type }): FoundDisk[] =>
      id && path ? [{ device: id, path, readonly: readonly === true, format: type === 'Qcow2' ? 'qcow2' : 'raw' }] : [],
    ),
    /** Those on a TAP. */
    nics: (config.net ?? []).flatMap(({ id, tap, mac }) => (id && tap && mac ? [{ device: id, tap, mac: mac.toLowerCase() }] : [])),
  }));

type FoundDisk = Disk & { device: string };

export type Info = z.output<typeof infoReply>;

/** u64; "none" is said by the largest values, which no device ever counts to. */
const counter = z
  .union([z.number(), z.bigint()])
  .default(0)
  .transform((value) => (typeof value === 'bigint' ? 0 : value));

export const countersReply = z.record(z.string(), z.object({ read_bytes: counter, write_bytes: counter, read_ops: counter, write_ops: counter }));
