import { z } from 'zod';
import { exitCauseKinds } from './exit-cause.ts';
import type { LifecycleEventType } from './lifecycle-event.ts';

const none = z.strictObject({});
const disk = z.strictObject({ path: z.string().describe('the disk') });
const nic = z.strictObject({ mac: z.string().describe('the NIC') });
const ending = z.strictObject({
  cause: z.enum(exitCauseKinds).describe('why'),
  hint: z.string().nullable().describe('what to do about it'),
});

/** Of each type: what it tells, and the fields of its detail. Documents are made from it, and what is recorded is tested against it. */
export const eventDetails = {
  created: { means: 'the VM is there', detail: none },
  changed: {
    means: 'something of it was set: by a user, or by what came to light of it',
    detail: z.union([
      z.strictObject({ fields: z.array(z.string()).describe('what was set') }),
      z.strictObject({ macs: z.array(z.string()).describe('MACs that NICs of an adopted VM have and keep') }),
    ]),
  },
  starting: { means: 'a start has begun', detail: none },
  started: { means: 'its virtual CPUs run', detail: none },
  'start-failed': { means: 'a start was given up; nothing of it is left', detail: ending },
  stopping: {
    means: 'its power button is pressed, its grace period has passed, or it is being killed',
    detail: z.strictObject({
      graceMs: z.number().nullable().optional().describe('how long the guest may take (null: without limit), where the button is pressed'),
    }),
  },
  stopped: { means: 'its run has ended, however that came', detail: ending },
  paused: { means: 'its virtual CPUs are halted', detail: none },
  resumed: { means: 'they go on', detail: none },
  rebooted: { means: 'the guest, or a user, has reset it', detail: none },
  restarting: {
    means: 'its policy starts it again after a while',
    detail: z.strictObject({ attempt: z.number().describe('of those in a row, from 1'), delayMs: z.number().describe('how long it waits before') }),
  },
  'gave-up': { means: 'its policy starts it no more: it has failed too often in a row', detail: ending },
  panicked: { means: 'the guest says that it has panicked', detail: none },
  deleted: { means: 'the VM is gone', detail: none },
  adopted: { means: 'an agent has found it running', detail: none },
  unresponsive: { means: 'its VMM does not answer', detail: none },
  responsive: { means: 'it answers again', detail: none },
  'disk-attached': { means: 'it has this disk', detail: disk },
  'disk-detached': { means: 'it has it no more', detail: disk },
  'nic-attached': { means: 'it has this NIC', detail: nic },
  'nic-detached': { means: 'it has it no more', detail: nic },
  'nic-addresses': {
    means: 'the addresses of a NIC are others now',
    detail: nic.extend({ addresses: z.array(z.string()).describe('all that it has; none: []') }),
  },
  'host-keys': {
    means: 'the guest has printed the keys of its SSH server',
    detail: z.strictObject({ keys: z.array(z.strictObject({ type: z.string(), fingerprint: z.string() })).describe('of each its `type` and `fingerprint`') }),
  },
  'device-removal-pending': { means: 'the guest has not let go of a device yet; its next end or reset completes it', detail: z.union([disk, nic]) },
  'console-gap': {
    means: 'output of the guest was dropped, because the filesystem was full',
    detail: z.strictObject({
      fromMs: z.number().describe('from when, in milliseconds since 1970'),
      toMs: z.number().describe('until when'),
      offset: z.number().describe('where in the console it is missing, in bytes'),
    }),
  },
  warning: { means: 'an event of a later release, whose type this one does not know', detail: z.record(z.string(), z.unknown()) },
} satisfies Record<LifecycleEventType, { means: string; detail: z.ZodType }>;
