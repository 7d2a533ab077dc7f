import type { ExitCause } from './exit-cause.ts';
import type { RestartWish } from './restart-policy.ts';

export const observedStates = ['stopped', 'starting', 'running', 'paused', 'stopping'] as const;
export type ObservedState = (typeof observedStates)[number];

export const wantedStates = ['stopped', 'running'] as const;
export type WantedState = (typeof wantedStates)[number];

/** A stop that has begun. deadlineAtMs null: waits for the guest without limit. graceMs: what was asked for, by which a clock that was set back is told. */
export type StopWish = { by: 'stop' | 'kill'; deadlineAtMs: number | null; poweringOff: boolean; graceMs?: number | undefined };

/** All that the state machine knows of a VM; stored as it is. */
export type VmCondition = {
  observed: ObservedState;
  wanted: WantedState;
  /** False while a proven VMM does not answer its API. */
  responsive: boolean;
  /** Not null exactly while stopping. */
  stop: StopWish | null;
  /** How the last run ended; null before the first end. */
  cause: ExitCause | null;
  /** A restart that is due or was made; null: the VM's user started it, or nothing is to start it. */
  restart: RestartWish | null;
};

export const newCondition = (): VmCondition => ({ observed: 'stopped', wanted: 'stopped', responsive: true, stop: null, cause: null, restart: null });
