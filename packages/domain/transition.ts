import { assertNever } from './assert-never.ts';
import type { ErrorCode } from './error-table.ts';
import { type ExitCause, exitCause } from './exit-cause.ts';
import type { EventDraft } from './lifecycle-event.ts';
import type { ObservedState, StopWish, VmCondition, WantedState } from './vm-condition.ts';

/** A user's wish. */
export type VmCommand =
  | { kind: 'start' }
  /** graceMs null: wait for the guest without limit. */
  | { kind: 'stop'; graceMs: number | null; atMs: number }
  | { kind: 'kill' }
  | { kind: 'reboot' }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'delete' };

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
  | { kind: 'power-off-failed' };

export type VmInput = VmCommand | VmFact;

/** What the supervisor does once the new condition is durable. Outcomes come back as facts. */
export type VmEffect =
  | { kind: 'launch' }
  | { kind: 'abort-launch' }
  /** Presses the ACPI power button now and again every few seconds while stopping. */
  | { kind: 'press-button' }
  /** Calls back with stop-deadline; replaces an earlier timer. */
  | { kind: 'arm-stop-timer'; deadlineAtMs: number }
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
export function transition(condition: VmCondition, input: VmInput): Transition {
  switch (input.kind) {
    case 'start':
      return start(condition);
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
      return launchFailed(condition, input.cause);
    case 'ended':
      return ended(condition, input.cause);
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

/** The state is there already; only the wish may be new. */
function want(condition: VmCondition, wanted: WantedState): Transition {
  return condition.wanted === wanted ? same(condition) : accept({ ...condition, wanted });
}

function refuse(reason: string, hint: string): Transition {
  return { kind: 'refused', code: 'WRONG_STATE', reason, hint };
}

function start(condition: VmCondition): Transition {
  switch (condition.observed) {
    case 'stopped':
      return accept(
        { ...condition, observed: 'starting', wanted: 'running', responsive: true, stop: null },
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

function stop(condition: VmCondition, command: { graceMs: number | null; atMs: number }): Transition {
  const deadlineAtMs = command.graceMs === null ? null : command.atMs + command.graceMs;
  const wish: StopWish = { by: 'stop', deadlineAtMs, poweringOff: false };
  const timer: VmEffect[] = deadlineAtMs === null ? [] : [{ kind: 'arm-stop-timer', deadlineAtMs }];
  const stopping: VmCondition = { ...condition, observed: 'stopping', wanted: 'stopped', stop: wish };
  const asked = [event('stopping', 'asked to stop', { graceMs: command.graceMs })];
  switch (condition.observed) {
    case 'stopped':
      return want(condition, 'stopped');
    case 'starting':
      return accept(stopping, [{ kind: 'abort-launch' }, ...timer], asked);
    case 'running':
      return accept(stopping, [{ kind: 'press-button' }, ...timer], asked);
    case 'paused': // a paused guest hears no button
      return accept(stopping, [{ kind: 'resume' }, { kind: 'press-button' }, ...timer], asked);
    case 'stopping': {
      const earlier = condition.stop;
      if (earlier === null || earlier.by === 'kill' || earlier.poweringOff) return same(condition);
      const joined = earliest(earlier.deadlineAtMs, deadlineAtMs);
      if (joined === earlier.deadlineAtMs) return same(condition);
      return accept({ ...condition, stop: { ...earlier, deadlineAtMs: joined } }, timer);
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
  const killing: VmCondition = { ...condition, observed: 'stopping', wanted: 'stopped', stop: { by: 'kill', deadlineAtMs: null, poweringOff: true } };
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

function launchFailed(condition: VmCondition, cause: ExitCause): Transition {
  if (condition.observed === 'stopping') return ended(condition, cause);
  if (condition.observed !== 'starting') return same(condition);
  return accept(offBy(condition, cause), [{ kind: 'clean-up' }], [event('start-failed', cause.detail, causeDetail(cause))]);
}

function ended(condition: VmCondition, seen: ExitCause): Transition {
  if (condition.observed === 'stopped') return same(condition);
  const cause = causeOf(condition.stop, seen);
  return accept(offBy(condition, cause), [{ kind: 'clean-up' }], [event('stopped', cause.detail, causeDetail(cause))]);
}

/** Policy "never": whatever ended the run, the VM is wanted stopped. */
function offBy(condition: VmCondition, cause: ExitCause): VmCondition {
  return { ...condition, observed: 'stopped', wanted: 'stopped', responsive: true, stop: null, cause };
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
  return seen;
}

const causeDetail = (cause: ExitCause): Record<string, unknown> => ({ cause: cause.kind, hint: cause.hint });

function adopted(condition: VmCondition, fact: { paused: boolean | null; atMs: number }): Transition {
  const answering = fact.paused !== null;
  const events = [event('adopted', answering ? 'found running by a new agent' : 'found running by a new agent, not responding')];
  if (condition.observed === 'stopping') return accept({ ...condition, responsive: answering }, stopAgain(condition.stop, fact), events);
  const paused = fact.paused ?? condition.observed === 'paused';
  return accept({ ...condition, observed: paused ? 'paused' : 'running', wanted: 'running', responsive: answering, stop: null }, [], events);
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
