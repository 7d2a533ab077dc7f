import { assertNever } from './assert-never.ts';
import type { ErrorCode } from './error-table.ts';
import { type ExitCause, exitCause } from './exit-cause.ts';
import type { EventDraft } from './lifecycle-event.ts';
import { maxRestarts, type RestartPolicy, restartDelayMs, restartsAfter, restartsBefore } from './restart-policy.ts';
import type { ObservedState, StopWish, VmCondition, WantedState } from './vm-condition.ts';

/** A user's wish. */
export type VmCommand =
  /** restart: nobody asked but the VM's own policy, whose wish it takes up. */
  | { kind: 'start'; restart?: boolean }
  /** graceMs null: wait for the guest without limit. drain: the host goes down; what is up now is wanted back after its boot. */
  | { kind: 'stop'; graceMs: number | null; atMs: number; drain?: boolean }
  | { kind: 'kill' }
  | { kind: 'reboot' }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'delete' }
  /** After a boot of the host: it should be up, from then on. */
  | { kind: 'owe'; atMs: number };

/** An observation. */
export type VmFact =
  | { kind: 'launched' }
  | { kind: 'launch-failed'; cause: ExitCause }
  | { kind: 'ended'; cause: ExitCause }
  | { kind: 'guest-paused' }
  | { kind: 'guest-resumed' }
  | { kind: 'guest-reset' }
  | { kind: 'guest-panicked' }
  /** A proven VMM was found by an agent that had just started; paused as the VMM says, null where it does not answer. */
  | { kind: 'adopted'; paused: boolean | null; atMs: number }
  | { kind: 'unresponsive' }
  | { kind: 'responsive' }
  | { kind: 'stop-deadline'; atMs: number }
  | { kind: 'power-off-failed' }
  /** bootMs: how long the starts after a boot of the host take in all, where another agent has given them their times. */
  | { kind: 'restart-due'; atMs: number; bootMs?: number };

/** What a decision depends on besides: the VM's own rules and the time. ranMs: how long its run has lasted; null: it does not run. */
export type Circumstances = { policy: RestartPolicy; autostart: boolean; atMs: number; ranMs: number | null };

export type VmInput = VmCommand | VmFact;

/** What the supervisor does once the new condition is durable. Outcomes come back as facts. */
export type VmEffect =
  | { kind: 'launch' }
  | { kind: 'abort-launch' }
  /** Presses the ACPI power button now and again every few seconds while stopping. */
  | { kind: 'press-button' }
  /** Calls back with stop-deadline; replaces an earlier timer. */
  | { kind: 'arm-stop-timer'; deadlineAtMs: number }
  /** Calls back with restart-due; replaces an earlier timer. */
  | { kind: 'arm-restart-timer'; dueAtMs: number }
  /** Starts the VM as its policy wants; what keeps it from being started comes back as launch-failed. */
  | { kind: 'restart' }
  | { kind: 'power-off' }
  | { kind: 'kill' }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'reset' }
  /** Takes away what belongs to the run: TAPs, timers, the runtime row. */
  | { kind: 'clean-up' }
  /** Takes away the VM itself: rows and run directory. */
  | { kind: 'remove' };

export type Transition =
  | { kind: 'accepted'; condition: VmCondition; effects: VmEffect[]; events: EventDraft[]; changed: boolean }
  | { kind: 'refused'; code: ErrorCode; reason: string; hint: string };

/** The one place that decides what a VM does next; pure, and total over condition × input. */
export function transition(condition: VmCondition, input: VmInput, around: Circumstances): Transition {
  switch (input.kind) {
    case 'start':
      return input.restart ? restart(condition) : start(condition);
    case 'stop':
      return stop(condition, input);
    case 'kill':
      return kill(condition);
    case 'reboot':
      return condition.observed === 'running'
        ? accept(condition, [{ kind: 'reset' }])
        : refuse(`is ${condition.observed}, and only a running VM can be rebooted`, rebootHints[condition.observed]);
    case 'pause':
      return pause(condition);
    case 'resume':
      return resume(condition);
    case 'delete':
      return condition.observed === 'stopped'
        ? accept(condition, [{ kind: 'remove' }], [event('deleted', 'deleted')])
        : refuse(`is ${condition.observed}, and only a stopped VM can be deleted`, 'stop it first: mvirt stop VM, or mvirt kill VM');
    case 'launched':
      return launched(condition);
    case 'launch-failed':
      return launchFailed(condition, input.cause, around);
    case 'ended':
      return ended(condition, input.cause, around);
    case 'guest-paused':
      return condition.observed === 'running' ? accept({ ...condition, observed: 'paused' }, [], [event('paused', 'paused')]) : same(condition);
    case 'guest-resumed':
      return condition.observed === 'paused' ? accept({ ...condition, observed: 'running' }, [], [event('resumed', 'resumed')]) : same(condition);
    case 'guest-reset':
      return isUp(condition.observed) ? accept(condition, [], [event('rebooted', 'rebooted')]) : same(condition);
    case 'guest-panicked':
      return isUp(condition.observed) ? accept(condition, [], [event('panicked', 'the guest panicked')]) : same(condition);
    case 'adopted':
      return adopted(condition, input);
    case 'unresponsive':
      return responsive(condition, false);
    case 'responsive':
      return responsive(condition, true);
    case 'stop-deadline':
      return stopDeadline(condition, input.atMs);
    case 'power-off-failed':
      return condition.observed === 'stopping' ? accept(condition, [{ kind: 'kill' }]) : same(condition);
    case 'owe':
      return condition.observed === 'stopped'
        ? accept({ ...condition, wanted: 'running', restart: { attempts: 0, dueAtMs: input.atMs } }, [{ kind: 'arm-restart-timer', dueAtMs: input.atMs }])
        : same(condition);
    case 'restart-due':
      return restartDue(condition, input, around.policy);
    default:
      return assertNever(input);
  }
}

const isUp = (observed: ObservedState): boolean => observed === 'running' || observed === 'paused' || observed === 'stopping';

const rebootHints: Record<ObservedState, string> = {
  stopped: 'start it: mvirt start VM',
  starting: 'wait until it runs: mvirt wait VM running',
  running: '',
  paused: 'resume it first: mvirt resume VM',
  stopping: 'wait until it is off: mvirt wait VM stopped, then mvirt start VM',
};

const event = (type: EventDraft['type'], message: string, detail?: Record<string, unknown>): EventDraft =>
  detail ? { type, message, detail } : { type, message };

function accept(condition: VmCondition, effects: VmEffect[] = [], events: EventDraft[] = []): Transition {
  return { kind: 'accepted', condition, effects, events, changed: true };
}

/** Nothing to do: an idempotent command, or a fact that says nothing new. */
function same(condition: VmCondition, effects: VmEffect[] = []): Transition {
  return { kind: 'accepted', condition, effects, events: [], changed: false };
}

/** The state is there already; only the wish may be new. A start that was to come and comes no more is told: no run ends that would tell it. */
function want(condition: VmCondition, wanted: WantedState): Transition {
  const isDue = condition.restart?.dueAtMs != null;
  if (condition.wanted === wanted && !isDue) return same(condition);
  const wasToCome = isDue || (condition.observed === 'stopped' && condition.wanted === 'running');
  return accept({ ...condition, wanted, restart: null }, [], wasToCome ? [event('changed', callOffs[wanted], { fields: ['nextStart'] })] : []);
}

const callOffs: Record<WantedState, string> = {
  stopped: 'its next start was called off',
  running: "its next start waits for the host's boot",
};

function refuse(reason: string, hint: string): Transition {
  return { kind: 'refused', code: 'WRONG_STATE', reason, hint };
}

function start(condition: VmCondition): Transition {
  switch (condition.observed) {
    case 'stopped':
      return accept(
        { ...condition, observed: 'starting', wanted: 'running', responsive: true, stop: null, restart: null },
        [{ kind: 'launch' }],
        [event('starting', 'starting')],
      );
    case 'starting':
    case 'running':
      return want(condition, 'running');
    case 'paused':
      return refuse('is paused', 'resume it: mvirt resume VM');
    case 'stopping':
      return refuse('is stopping', 'wait until it is off: mvirt wait VM stopped');
    default:
      return assertNever(condition.observed);
  }
}

/** The policy's own start: only of a VM whose restart is due, and not of one that was stopped or started meanwhile. */
function restart(condition: VmCondition): Transition {
  const { observed, restart } = condition;
  if (observed !== 'stopped' || restart?.dueAtMs == null) return same(condition);
  const started: VmCondition = { ...condition, observed: 'starting', responsive: true, stop: null, restart: startedBy(condition) };
  return accept(started, [{ kind: 'launch' }], [event('starting', restart.attempts === 0 ? 'starting' : 'starting again')]);
}

function restartDue(condition: VmCondition, { atMs, bootMs = Number.POSITIVE_INFINITY }: { atMs: number; bootMs?: number }, policy: RestartPolicy): Transition {
  const { observed, restart } = condition;
  if (observed !== 'stopped' || restart?.dueAtMs == null) return same(condition);
  if (restart.dueAtMs > atMs) {
    // No restart waits longer than this: where it seems to, the host's clock was set back.
    const longestMs = restart.attempts === 0 ? bootMs : restartDelayMs(restart.attempts - 1);
    const dueAtMs = Math.min(restart.dueAtMs, atMs + longestMs);
    const arm: VmEffect[] = [{ kind: 'arm-restart-timer', dueAtMs }];
    return dueAtMs === restart.dueAtMs ? same(condition, arm) : accept({ ...condition, restart: { ...restart, dueAtMs } }, arm);
  }
  // The policy was taken away while its restart was waited for; a boot's own start has no attempts before it.
  if (policy === 'never' && restart.attempts > 0) return want(condition, 'stopped');
  return same(condition, [{ kind: 'restart' }]);
}

function stop(condition: VmCondition, command: { graceMs: number | null; atMs: number; drain?: boolean }): Transition {
  const wanted = command.drain ? condition.wanted : 'stopped';
  const deadlineAtMs = command.graceMs === null ? null : command.atMs + command.graceMs;
  const grace = command.graceMs === null ? {} : { graceMs: command.graceMs };
  const wish: StopWish = { by: 'stop', deadlineAtMs, poweringOff: false, ...grace };
  const timer: VmEffect[] = deadlineAtMs === null ? [] : [{ kind: 'arm-stop-timer', deadlineAtMs }];
  const stopping: VmCondition = { ...condition, observed: 'stopping', wanted, stop: wish, restart: null };
  const asked = [event('stopping', command.drain ? 'asked to stop: the host goes down' : 'asked to stop', { graceMs: command.graceMs })];
  switch (condition.observed) {
    case 'stopped':
      return want(condition, wanted);
    case 'starting':
      return accept(stopping, [{ kind: 'abort-launch' }, ...timer], asked);
    case 'running':
      return accept(stopping, [{ kind: 'press-button' }, ...timer], asked);
    case 'paused': // a paused guest hears no button
      return accept(stopping, [{ kind: 'resume' }, { kind: 'press-button' }, ...timer], asked);
    case 'stopping': {
      const earlier = condition.stop;
      if (earlier === null || earlier.by === 'kill' || earlier.poweringOff) return want(condition, wanted);
      const joined = earliest(earlier.deadlineAtMs, deadlineAtMs);
      if (joined === earlier.deadlineAtMs) return want(condition, wanted);
      return accept({ ...condition, wanted, stop: { ...earlier, deadlineAtMs: joined, ...grace } }, timer);
    }
    default:
      return assertNever(condition.observed);
  }
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  if (b === null) return a;
  return Math.min(a, b);
}

function kill(condition: VmCondition): Transition {
  if (condition.observed === 'stopped') return want(condition, 'stopped');
  const effects: VmEffect[] = condition.observed === 'starting' ? [{ kind: 'abort-launch' }, { kind: 'kill' }] : [{ kind: 'kill' }];
  const stop: StopWish = { by: 'kill', deadlineAtMs: null, poweringOff: true };
  const killing: VmCondition = { ...condition, observed: 'stopping', wanted: 'stopped', stop, restart: null };
  if (condition.stop?.by === 'kill') return same(condition, effects);
  return accept(killing, effects, [event('stopping', 'asked to kill')]);
}

function pause(condition: VmCondition): Transition {
  if (condition.observed === 'running') return accept(condition, [{ kind: 'pause' }]);
  if (condition.observed === 'paused') return same(condition);
  return refuse(`is ${condition.observed}, and only a running VM can be paused`, rebootHints[condition.observed]);
}

function resume(condition: VmCondition): Transition {
  if (condition.observed === 'paused') return accept(condition, [{ kind: 'resume' }]);
  if (condition.observed === 'running') return same(condition);
  return refuse(`is ${condition.observed}, and only a paused VM can be resumed`, rebootHints[condition.observed]);
}

function launched(condition: VmCondition): Transition {
  if (condition.observed === 'starting') return accept({ ...condition, observed: 'running', responsive: true }, [], [event('started', 'running')]);
  if (condition.observed !== 'stopping') return same(condition);
  // The stop or kill came while the launch could no longer be aborted: no guest is up yet that could hear a button.
  const wish = condition.stop;
  if (wish === null || wish.by === 'kill') return same(condition, [{ kind: 'kill' }]);
  return accept({ ...condition, stop: { ...wish, poweringOff: true } }, [{ kind: 'power-off' }]);
}

function launchFailed(condition: VmCondition, cause: ExitCause, around: Circumstances): Transition {
  if (condition.observed === 'stopping') return ended(condition, cause, around);
  const events = [event('start-failed', cause.detail, causeDetail(cause))];
  // A start that nobody waits for was refused before it began.
  if (condition.observed === 'stopped' && condition.restart?.dueAtMs != null) return again(condition, cause, around, [], events);
  if (condition.observed !== 'starting') return same(condition);
  const effects: VmEffect[] = [{ kind: 'clean-up' }];
  // A user's own start that fails is told to the user.
  return condition.restart === null ? accept(off(cause, 'stopped'), effects, events) : again(condition, cause, around, effects, events);
}

function ended(condition: VmCondition, seen: ExitCause, around: Circumstances): Transition {
  if (condition.observed === 'stopped') return same(condition);
  const cause = causeOf(condition.stop, seen);
  const effects: VmEffect[] = [{ kind: 'clean-up' }];
  const events = [event('stopped', cause.detail, causeDetail(cause))];
  if (condition.stop !== null) return accept(off(cause, condition.wanted), effects, events);
  if (cause.kind !== 'host-reboot') return again(condition, cause, around, effects, events);
  // After a boot VMs are started in their order, not each for itself.
  const isWanted = around.autostart || restartsAfter(around.policy, cause);
  return accept(off(cause, isWanted ? 'running' : 'stopped'), effects, events);
}

const off = (cause: ExitCause, wanted: WantedState): VmCondition => ({
  observed: 'stopped',
  wanted,
  responsive: true,
  stop: null,
  cause,
  restart: null,
});

/** Stopped, and started again after a while where the policy says so and has not given up. */
function again(condition: VmCondition, cause: ExitCause, { policy, atMs, ranMs }: Circumstances, effects: VmEffect[], events: EventDraft[]): Transition {
  if (!restartsAfter(policy, cause)) return accept(off(cause, 'stopped'), effects, events);
  const attempts = restartsBefore(condition.restart, ranMs);
  if (attempts >= maxRestarts) {
    const message = `given up after ${attempts} restarts in a row: ${cause.detail}`;
    const detail = { ...causeDetail(cause), hint: cause.hint ?? 'start it again: mvirt start VM' };
    return accept(off(cause, 'stopped'), effects, [...events, event('gave-up', message, detail)]);
  }
  const delayMs = restartDelayMs(attempts);
  const restart = { attempts: attempts + 1, dueAtMs: atMs + delayMs };
  return accept(
    { ...off(cause, 'running'), restart },
    [...effects, { kind: 'arm-restart-timer', dueAtMs: restart.dueAtMs }],
    [...events, event('restarting', `restart ${restart.attempts} of ${maxRestarts} in ${delayMs / 1000} s`, { attempt: restart.attempts, delayMs })],
  );
}

/** What was seen, in the light of what was asked: a guest that powers off while asked to has obeyed. */
export function causeOf(wish: StopWish | null, seen: ExitCause): ExitCause {
  if (wish === null || seen.kind === 'guest-panic' || seen.kind === 'out-of-memory' || seen.kind === 'host-reboot') return seen;
  if (wish.by === 'kill') return exitCause('killed', 'killed, as asked');
  if (seen.kind === 'guest-power-off') return exitCause('asked-stop', 'the guest powered off, as asked');
  if (seen.kind === 'start-failed') return exitCause('powered-off', 'stopped before it had started, as asked');
  if (wish.poweringOff && seen.kind === 'vmm-signal') {
    return exitCause('powered-off', 'powered off by force: the VMM itself did not end when told to', { hint: 'mvirt logs VM shows what the hypervisor said' });
  }
  if (wish.poweringOff) {
    return exitCause('powered-off', 'powered off: the guest had not done so by itself', {
      hint: 'give the guest more time: mvirt stop -t SECONDS, or let it handle the ACPI power button',
    });
  }
  // A VMM without a shim says no more than that it has ended.
  if (seen.kind === 'not-observable') return { ...seen, detail: `${seen.detail} (its guest had been asked to power off)` };
  return seen;
}

const causeDetail = (cause: ExitCause): Record<string, unknown> => ({ cause: cause.kind, hint: cause.hint });

function adopted(condition: VmCondition, fact: { paused: boolean | null; atMs: number }): Transition {
  const answering = fact.paused !== null;
  const events = [event('adopted', answering ? 'found running by a new agent' : 'found running by a new agent, not responding')];
  if (condition.observed === 'stopping') {
    const stop = inTime(condition.stop, fact.atMs);
    return accept({ ...condition, stop, responsive: answering }, stopAgain(stop, fact), events);
  }
  const paused = fact.paused ?? condition.observed === 'paused';
  return accept(
    { ...condition, observed: paused ? 'paused' : 'running', wanted: 'running', responsive: answering, stop: null, restart: startedBy(condition) },
    [],
    events,
  );
}

/** What runs is no longer waited for. */
const startedBy = ({ restart }: VmCondition): VmCondition['restart'] => (restart === null ? null : { ...restart, dueAtMs: null });

/** A deadline never lies further off than what was asked for, where the clock was set back between two agents. */
function inTime(wish: StopWish | null, atMs: number): StopWish | null {
  if (wish === null || wish.deadlineAtMs === null || wish.graceMs === undefined) return wish;
  return { ...wish, deadlineAtMs: Math.min(wish.deadlineAtMs, atMs + wish.graceMs) };
}

/** The effects that an interrupted stop needs from a new agent. */
function stopAgain(wish: StopWish | null, { paused, atMs }: { paused: boolean | null; atMs: number }): VmEffect[] {
  if (wish?.by === 'kill') return [{ kind: 'kill' }];
  if (wish?.poweringOff) return [{ kind: 'power-off' }];
  const deadlineAtMs = wish?.deadlineAtMs ?? null;
  const press: VmEffect[] = paused === true ? [{ kind: 'resume' }, { kind: 'press-button' }] : [{ kind: 'press-button' }];
  return deadlineAtMs === null ? press : [...press, { kind: 'arm-stop-timer', deadlineAtMs: Math.max(deadlineAtMs, atMs) }];
}

function responsive(condition: VmCondition, now: boolean): Transition {
  if (condition.observed === 'stopped' || condition.responsive === now) return same(condition);
  const draft = now ? event('responsive', 'the VMM answers again') : event('unresponsive', 'the VMM does not answer');
  return accept({ ...condition, responsive: now }, [], [draft]);
}

function stopDeadline(condition: VmCondition, atMs: number): Transition {
  const wish = condition.stop;
  if (condition.observed !== 'stopping' || wish === null || wish.by === 'kill' || wish.poweringOff) return same(condition);
  if (wish.deadlineAtMs === null) return same(condition);
  if (wish.deadlineAtMs > atMs) return same(condition, [{ kind: 'arm-stop-timer', deadlineAtMs: wish.deadlineAtMs }]);
  return accept(
    { ...condition, stop: { ...wish, poweringOff: true } },
    [{ kind: 'power-off' }],
    [event('stopping', 'the grace period has passed: powering off')],
  );
}
