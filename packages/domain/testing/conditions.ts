import { type ExitCause, exitCause } from '../exit-cause.ts';
import type { ObservedState, StopWish, VmCondition } from '../vm-condition.ts';

const condition = (observed: ObservedState, wanted: VmCondition['wanted'], more: Partial<VmCondition> = {}): VmCondition => ({
  observed,
  wanted,
  responsive: true,
  stop: null,
  cause: null,
  restart: null,
  ...more,
});

const stopping = (by: StopWish['by'], deadlineAtMs: number | null, poweringOff: boolean, more: Partial<VmCondition> = {}): VmCondition =>
  condition('stopping', 'stopped', { stop: { by, deadlineAtMs, poweringOff, ...graces[`${deadlineAtMs}`] }, ...more });

/** What was asked for, by the deadline that came of it. */
const graces: Record<string, Pick<StopWish, 'graceMs'>> = {
  4000: { graceMs: 3000 },
  4700: { graceMs: 4500 },
  5000: { graceMs: 4500 },
  10000: { graceMs: 9000 },
};

/** Each kind of condition that a VM can be in; the columns of the table. */
export const columns = {
  stopped: condition('stopped', 'stopped'),
  owed: condition('stopped', 'running'), // wanted running, and nothing runs yet
  starting: condition('starting', 'running'),
  running: condition('running', 'running'),
  mute: condition('running', 'running', { responsive: false }),
  paused: condition('paused', 'running'),
  stop5: stopping('stop', 5000, false),
  stopNever: stopping('stop', null, false),
  off: stopping('stop', 5000, true), // the deadline has passed: powering off
  kill: stopping('kill', null, true),
  due: condition('stopped', 'running', { restart: { attempts: 2, dueAtMs: 7000 } }), // its policy starts it a second time in a row
  boot: condition('stopped', 'running', { restart: { attempts: 0, dueAtMs: 7000 } }), // the host's boot starts it
  retry: condition('starting', 'running', { restart: { attempts: 2, dueAtMs: null } }),
  rerun: condition('running', 'running', { restart: { attempts: 2, dueAtMs: null } }),
} as const;

export const sigkill = exitCause('vmm-signal', 'VMM ended by signal SIGKILL', { signal: 'SIGKILL' });
export const guestOff = exitCause('guest-power-off', 'the guest powered off');
export const panic = exitCause('guest-panic', 'the guest panicked');
export const failed = exitCause('start-failed', 'no such kernel', { hint: 'look' });
const ended = (cause: ExitCause): VmCondition => condition('stopped', 'stopped', { cause });

const waits = (cause: ExitCause, attempts: number, dueAtMs: number): VmCondition => condition('stopped', 'running', { cause, restart: { attempts, dueAtMs } });
export const lost = exitCause('host-reboot', 'the host was started anew');

/** Conditions that are outcomes only. */
export const outcomes = {
  ...columns,
  bootStarting: condition('starting', 'running', { restart: { attempts: 0, dueAtMs: null } }),
  bootRunning: condition('running', 'running', { restart: { attempts: 0, dueAtMs: null } }),
  bootPaused: condition('paused', 'running', { restart: { attempts: 0, dueAtMs: null } }),
  bootMute: condition('running', 'running', { responsive: false, restart: { attempts: 0, dueAtMs: null } }),
  retryMute: condition('starting', 'running', { responsive: false, restart: { attempts: 2, dueAtMs: null } }),
  rerunPaused: condition('paused', 'running', { restart: { attempts: 2, dueAtMs: null } }),
  rerunMute: condition('running', 'running', { responsive: false, restart: { attempts: 2, dueAtMs: null } }),
  dueBack: condition('stopped', 'running', { restart: { attempts: 2, dueAtMs: 2100 } }), // 2 s, as before a second restart, from 100
  bootBack: condition('stopped', 'running', { restart: { attempts: 0, dueAtMs: 600 } }),
  bootAt3: condition('stopped', 'running', { restart: { attempts: 0, dueAtMs: 3000 } }),
  shotOnce: waits(sigkill, 1, 2000),
  shotThrice: waits(sigkill, 3, 5000),
  offOnce: waits(guestOff, 1, 2000),
  offThrice: waits(guestOff, 3, 5000),
  failedOnce: waits(failed, 1, 2000),
  failedThrice: waits(failed, 3, 5000),
  endLost: ended(lost),
  owedLost: condition('stopped', 'running', { cause: lost }),
  drain4: stopping('stop', 4000, false, { wanted: 'running' }),
  drain4Mute: stopping('stop', 4000, false, { wanted: 'running', responsive: false }),
  stop4: stopping('stop', 4000, false),
  stop4Mute: stopping('stop', 4000, false, { responsive: false }),
  stop10: stopping('stop', 10_000, false),
  stop10Mute: stopping('stop', 10_000, false, { responsive: false }),
  stop5Mute: stopping('stop', 5000, false, { responsive: false }),
  stop5Back: stopping('stop', 4700, false), // 4500 from a clock that was set back to 200
  offBack: stopping('stop', 4700, true),
  stopNeverMute: stopping('stop', null, false, { responsive: false }),
  neverOff: stopping('stop', null, true), // powering off, though no deadline was set
  offMute: stopping('stop', 5000, true, { responsive: false }),
  killMute: stopping('kill', null, true, { responsive: false }),
  startingMute: condition('starting', 'running', { responsive: false }),
  pausedMute: condition('paused', 'running', { responsive: false }),
  endFailed: ended(failed),
  endGuestOff: ended(guestOff),
  endSigkill: ended(sigkill),
  endPanic: ended(panic),
  endAsked: ended(exitCause('asked-stop', 'the guest powered off, as asked')),
  endKilled: ended(exitCause('killed', 'killed, as asked')),
  endUnstarted: ended(exitCause('powered-off', 'stopped before it had started, as asked')),
  endOff: ended(
    exitCause('powered-off', 'powered off: the guest had not done so by itself', {
      hint: 'give the guest more time: mvirt stop -t SECONDS, or let it handle the ACPI power button',
    }),
  ),
  endForced: ended(
    exitCause('powered-off', 'powered off by force: the VMM itself did not end when told to', { hint: 'mvirt logs VM shows what the hypervisor said' }),
  ),
} as const;

export type Column = keyof typeof columns;
export type Outcome = keyof typeof outcomes;
