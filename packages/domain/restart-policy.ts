import type { ExitCause, ExitCauseKind } from './exit-cause.ts';

export const restartPolicies = ['never', 'on-failure', 'always'] as const;
export type RestartPolicy = (typeof restartPolicies)[number];

/** What a boot of the host does: VMs with a lower order come first, and the next one waits delayMs after this one. */
export type Autostart = { order: number; delayMs: number };

/** A start that nobody has to ask for: restarts made in a row, and when the next is due; dueAtMs null: none is. */
export type RestartWish = { attempts: number; dueAtMs: number | null };

/** Restarts in a row, after which a policy gives up. */
export const maxRestarts = 10;

const firstDelayMs = 1_000;
const lastDelayMs = 60_000;
/** A run of this length was sound: what ends it is the first failure of a new row. */
const soundMs = 60_000;

/** How long the restart after so many others waits: 1 s, doubled each time, at most a minute. */
export const restartDelayMs = (attempts: number): number => Math.min(firstDelayMs * 2 ** attempts, lastDelayMs);

/** Restarts made in a row before this end. ranMs null: the VM did not run. */
export const restartsBefore = (wish: RestartWish | null, ranMs: number | null): number => (ranMs !== null && ranMs >= soundMs ? 0 : (wish?.attempts ?? 0));

const wished: readonly ExitCauseKind[] = ['asked-stop', 'powered-off', 'killed'];

/** Whether a policy starts a VM again whose run ended so. Ends that its user asked for are left alone by all of them. */
export function restartsAfter(policy: RestartPolicy, cause: Pick<ExitCause, 'kind'>): boolean {
  if (policy === 'never' || wished.includes(cause.kind)) return false;
  return policy === 'always' || cause.kind !== 'guest-power-off';
}
