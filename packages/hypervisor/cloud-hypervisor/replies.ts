import { z } from 'zod';

export const anything = z.unknown();

const withId = z.array(z.object({ id: z.string().nullish() })).nullish();

/** Only what is looked at; unset members are left out since v53 and null before. */
export const infoReply = z
  .object({
    state: z.string(),
    config: z.object({ disks: withId, net: withId }),
    device_tree: z.record(z.string(), z.unknown()).nullish(),
  })
  .transform(({ state, config, device_tree: tree }) => ({
    state,
    /** Every device that the guest has, one whose removal is pending included. */
    devices: new Set(Object.keys(tree ?? {})),
    /** Without those whose removal is pending. */
    configured: new Set([...(config.disks ?? []), ...(config.net ?? [])].flatMap(({ id }) => (id ? [id] : []))),
  }));

export type Info = z.output<typeof infoReply>;

/** u64; "none" is said by the largest values, which no device ever counts to. */
const counter = z
  .union([z.number(), z.bigint()])
  .default(0)
  .transform((value) => (typeof value === 'bigint' ? 0 : value));

export const countersReply = z.record(z.string(), z.object({ read_bytes: counter, write_bytes: counter, read_ops: counter, write_ops: counter }));
