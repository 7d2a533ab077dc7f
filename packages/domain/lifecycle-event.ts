import { z } from 'zod';

/** What happened to a VM, in the order of a sequence that outlives the agent. */
export const lifecycleEventTypes = [
  'created',
  'changed',
  'starting',
  'started',
  'start-failed',
  'stopping',
  'stopped',
  'paused',
  'resumed',
  'rebooted',
  'restarting',
  'gave-up',
  'panicked',
  'deleted',
  'adopted',
  'unresponsive',
  'responsive',
  'disk-attached',
  'disk-detached',
  'nic-attached',
  'nic-detached',
  'nic-addresses',
  'host-keys',
  'device-removal-pending',
  'console-gap',
  'warning',
] as const;

export type LifecycleEventType = (typeof lifecycleEventTypes)[number];

export const lifecycleEventSchema = z.object({
  /** Persistent, strictly increasing, never used twice. */
  seq: z.number().int(),
  atMs: z.number().int(),
  vmId: z.string(),
  vmName: z.string().nullable(),
  type: z.enum(lifecycleEventTypes),
  /** One line for people. */
  message: z.string(),
  /** Plain data for programs, such as {cause: "killed"}. */
  detail: z.record(z.string(), z.unknown()),
});

export type LifecycleEvent = z.output<typeof lifecycleEventSchema>;
export type EventDraft = Pick<LifecycleEvent, 'type' | 'message'> & { detail?: Record<string, unknown> };
