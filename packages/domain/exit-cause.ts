import { z } from 'zod';

/**
 * How a VM's run ended. There is no "unknown": `not-observable` says that a VMM ended and that its exit status
 * could not be had (its shim was gone as well), which is a fact and not a guess.
 */
export const exitCauseKinds = [
  'asked-stop', // asked to stop, and the guest powered off
  'powered-off', // asked to stop, the grace period passed, power was cut
  'killed', // asked to kill
  'guest-power-off',
  'guest-panic',
  'vmm-exit',
  'vmm-signal',
  'out-of-memory',
  'start-failed',
  'host-reboot',
  'not-observable',
] as const;

export type ExitCauseKind = (typeof exitCauseKinds)[number];

export const exitCauseSchema = z.object({
  kind: z.enum(exitCauseKinds),
  /** One line for people, such as "VMM ended by signal SIGKILL". */
  detail: z.string(),
  hint: z.string().nullable(),
  /** The VMM's exit status, where it exited by itself. */
  exitStatus: z.number().int().nullable().default(null),
  /** The signal's name, where one ended the VMM. */
  signal: z.string().nullable().default(null),
  /** Last lines of the hypervisor's own messages and of the console, for abnormal ends. */
  hypervisorTail: z.string().nullable().default(null),
  consoleTail: z.string().nullable().default(null),
});

export type ExitCause = z.output<typeof exitCauseSchema>;

/** A cause with everything optional absent. */
export function exitCause(kind: ExitCauseKind, detail: string, more: Partial<Omit<ExitCause, 'kind' | 'detail'>> = {}): ExitCause {
  return { kind, detail, hint: null, exitStatus: null, signal: null, hypervisorTail: null, consoleTail: null, ...more };
}
