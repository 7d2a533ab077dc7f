import { lifecycleEventTypes } from '@mvirt/domain';
import { z } from 'zod';

export const eventSchema = z.object({
  /** Persistent: `--since` takes it, also after the agent was started again. */
  seq: z.int(),
  at: z.iso.datetime(),
  vmId: z.string(),
  vmName: z.string().nullable(),
  type: z.enum(lifecycleEventTypes),
  message: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

export type EventDocument = z.output<typeof eventSchema>;

const { shape } = eventSchema;

/** An event as `mvirt events -f` prints it: what a server that speaks gRPC cannot tell is null. */
export const followedEventSchema = eventSchema.extend({
  seq: shape.seq.nullable(),
  type: shape.type.nullable(),
  message: shape.message.nullable(),
  detail: shape.detail.nullable(),
});

export type FollowedEvent = z.output<typeof followedEventSchema>;

export const logLineSchema = z.object({
  at: z.iso.datetime().nullable(),
  source: z.enum(['event', 'agent', 'hypervisor']),
  level: z.enum(['info', 'warning', 'error']),
  text: z.string(),
});

export type LogLineDocument = z.output<typeof logLineSchema>;
