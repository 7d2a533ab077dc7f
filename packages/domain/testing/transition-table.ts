import { type ExitCause, exitCause } from '../exit-cause.ts';
import type { VmInput } from '../transition.ts';
import type { ObservedState, StopWish, VmCondition } from '../vm-condition.ts';

const condition = (observed: ObservedState, wanted: VmCondition['wanted'], more: Partial<VmCondition> = {}): VmCondition => ({
  observed,
  wanted,
  responsive: true,
  stop: null,
  cause: null,
  ...more,
});

const stopping = (by: StopWish['by'], deadlineAtMs: number | null, poweringOff: boolean, more: Partial<VmCondition> = {}): VmCondition =>
  condition('stopping', 'stopped', { stop: { by, deadlineAtMs, poweringOff }, ...more });

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
} as const;

export const sigkill = exitCause('vmm-signal', 'VMM ended by signal SIGKILL', { signal: 'SIGKILL' });
const guestOff = exitCause('guest-power-off', 'the guest powered off');
const panic = exitCause('guest-panic', 'the guest panicked');
export const failed = exitCause('start-failed', 'no such kernel', { hint: 'look' });
const ended = (cause: ExitCause): VmCondition => condition('stopped', 'stopped', { cause });

/** Conditions that are outcomes only. */
export const outcomes = {
  ...columns,
  stop4: stopping('stop', 4000, false),
  stop4Mute: stopping('stop', 4000, false, { responsive: false }),
  stop10: stopping('stop', 10_000, false),
  stop10Mute: stopping('stop', 10_000, false, { responsive: false }),
  stop5Mute: stopping('stop', 5000, false, { responsive: false }),
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
/** outcome; effects; events. A leading "=": nothing changed. "!": refused, with this reason. */
export type Cell = `${'' | '='}${Outcome}` | `${'' | '='}${Outcome};${string}` | `!${string}`;
type Case = { input: VmInput; cells: Record<Column, Cell> };

/** Nothing happens, except in the columns given. */
const otherwiseSame = (cells: Partial<Record<Column, Cell>>): Record<Column, Cell> => ({
  stopped: '=stopped',
  owed: '=owed',
  starting: '=starting',
  running: '=running',
  mute: '=mute',
  paused: '=paused',
  stop5: '=stop5',
  stopNever: '=stopNever',
  off: '=off',
  kill: '=kill',
  ...cells,
});

/** Every input in its variants; a new kind of input does not type-check without a row here. */
export const table: { [Kind in VmInput['kind']]: (Case & { input: { kind: Kind } })[] } = {
  start: [
    {
      input: { kind: 'start' },
      cells: {
        stopped: 'starting; launch; starting',
        owed: 'starting; launch; starting',
        starting: '=starting',
        running: '=running',
        mute: '=mute',
        paused: '!is paused',
        stop5: '!is stopping',
        stopNever: '!is stopping',
        off: '!is stopping',
        kill: '!is stopping',
      },
    },
  ],
  stop: [
    {
      input: { kind: 'stop', graceMs: 3000, atMs: 1000 },
      cells: {
        stopped: '=stopped',
        owed: 'stopped',
        starting: 'stop4; abort-launch, arm-stop-timer 4000; stopping',
        running: 'stop4; press-button, arm-stop-timer 4000; stopping',
        mute: 'stop4Mute; press-button, arm-stop-timer 4000; stopping',
        paused: 'stop4; resume, press-button, arm-stop-timer 4000; stopping',
        stop5: 'stop4; arm-stop-timer 4000',
        stopNever: 'stop4; arm-stop-timer 4000',
        off: '=off',
        kill: '=kill',
      },
    },
    {
      input: { kind: 'stop', graceMs: 9000, atMs: 1000 },
      cells: {
        stopped: '=stopped',
        owed: 'stopped',
        starting: 'stop10; abort-launch, arm-stop-timer 10000; stopping',
        running: 'stop10; press-button, arm-stop-timer 10000; stopping',
        mute: 'stop10Mute; press-button, arm-stop-timer 10000; stopping',
        paused: 'stop10; resume, press-button, arm-stop-timer 10000; stopping',
        stop5: '=stop5',
        stopNever: 'stop10; arm-stop-timer 10000',
        off: '=off',
        kill: '=kill',
      },
    },
    {
      input: { kind: 'stop', graceMs: null, atMs: 1000 },
      cells: {
        stopped: '=stopped',
        owed: 'stopped',
        starting: 'stopNever; abort-launch; stopping',
        running: 'stopNever; press-button; stopping',
        mute: 'stopNeverMute; press-button; stopping',
        paused: 'stopNever; resume, press-button; stopping',
        stop5: '=stop5',
        stopNever: '=stopNever',
        off: '=off',
        kill: '=kill',
      },
    },
  ],
  kill: [
    {
      input: { kind: 'kill' },
      cells: {
        stopped: '=stopped',
        owed: 'stopped',
        starting: 'kill; abort-launch, kill; stopping',
        running: 'kill; kill; stopping',
        mute: 'killMute; kill; stopping',
        paused: 'kill; kill; stopping',
        stop5: 'kill; kill; stopping',
        stopNever: 'kill; kill; stopping',
        off: 'kill; kill; stopping',
        kill: '=kill; kill',
      },
    },
  ],
  reboot: [
    {
      input: { kind: 'reboot' },
      cells: {
        stopped: '!is stopped, and only a running VM can be rebooted',
        owed: '!is stopped, and only a running VM can be rebooted',
        starting: '!is starting, and only a running VM can be rebooted',
        running: 'running; reset',
        mute: 'mute; reset',
        paused: '!is paused, and only a running VM can be rebooted',
        stop5: '!is stopping, and only a running VM can be rebooted',
        stopNever: '!is stopping, and only a running VM can be rebooted',
        off: '!is stopping, and only a running VM can be rebooted',
        kill: '!is stopping, and only a running VM can be rebooted',
      },
    },
  ],
  pause: [
    {
      input: { kind: 'pause' },
      cells: {
        stopped: '!is stopped, and only a running VM can be paused',
        owed: '!is stopped, and only a running VM can be paused',
        starting: '!is starting, and only a running VM can be paused',
        running: 'running; pause',
        mute: 'mute; pause',
        paused: '=paused',
        stop5: '!is stopping, and only a running VM can be paused',
        stopNever: '!is stopping, and only a running VM can be paused',
        off: '!is stopping, and only a running VM can be paused',
        kill: '!is stopping, and only a running VM can be paused',
      },
    },
  ],
  resume: [
    {
      input: { kind: 'resume' },
      cells: {
        stopped: '!is stopped, and only a paused VM can be resumed',
        owed: '!is stopped, and only a paused VM can be resumed',
        starting: '!is starting, and only a paused VM can be resumed',
        running: '=running',
        mute: '=mute',
        paused: 'paused; resume',
        stop5: '!is stopping, and only a paused VM can be resumed',
        stopNever: '!is stopping, and only a paused VM can be resumed',
        off: '!is stopping, and only a paused VM can be resumed',
        kill: '!is stopping, and only a paused VM can be resumed',
      },
    },
  ],
  delete: [
    {
      input: { kind: 'delete' },
      cells: {
        stopped: 'stopped; remove; deleted',
        owed: 'owed; remove; deleted',
        starting: '!is starting, and only a stopped VM can be deleted',
        running: '!is running, and only a stopped VM can be deleted',
        mute: '!is running, and only a stopped VM can be deleted',
        paused: '!is paused, and only a stopped VM can be deleted',
        stop5: '!is stopping, and only a stopped VM can be deleted',
        stopNever: '!is stopping, and only a stopped VM can be deleted',
        off: '!is stopping, and only a stopped VM can be deleted',
        kill: '!is stopping, and only a stopped VM can be deleted',
      },
    },
  ],
  launched: [
    {
      input: { kind: 'launched' },
      cells: otherwiseSame({
        starting: 'running; ; started',
        stop5: 'off; power-off', // too late to abort, and no guest is up that could hear a button
        stopNever: 'neverOff; power-off',
        off: 'off; power-off',
        kill: '=kill; kill',
      }),
    },
  ],
  'launch-failed': [
    {
      input: { kind: 'launch-failed', cause: failed },
      cells: otherwiseSame({
        starting: 'endFailed; clean-up; start-failed',
        stop5: 'endUnstarted; clean-up; stopped',
        stopNever: 'endUnstarted; clean-up; stopped',
        off: 'endUnstarted; clean-up; stopped',
        kill: 'endKilled; clean-up; stopped',
      }),
    },
  ],
  ended: [
    {
      input: { kind: 'ended', cause: guestOff },
      cells: {
        stopped: '=stopped',
        owed: '=owed',
        starting: 'endGuestOff; clean-up; stopped',
        running: 'endGuestOff; clean-up; stopped',
        mute: 'endGuestOff; clean-up; stopped',
        paused: 'endGuestOff; clean-up; stopped',
        stop5: 'endAsked; clean-up; stopped',
        stopNever: 'endAsked; clean-up; stopped',
        off: 'endAsked; clean-up; stopped',
        kill: 'endKilled; clean-up; stopped',
      },
    },
    {
      input: { kind: 'ended', cause: sigkill },
      cells: {
        stopped: '=stopped',
        owed: '=owed',
        starting: 'endSigkill; clean-up; stopped',
        running: 'endSigkill; clean-up; stopped',
        mute: 'endSigkill; clean-up; stopped',
        paused: 'endSigkill; clean-up; stopped',
        stop5: 'endSigkill; clean-up; stopped',
        stopNever: 'endSigkill; clean-up; stopped',
        off: 'endForced; clean-up; stopped',
        kill: 'endKilled; clean-up; stopped',
      },
    },
    {
      input: { kind: 'ended', cause: panic },
      cells: {
        stopped: '=stopped',
        owed: '=owed',
        starting: 'endPanic; clean-up; stopped',
        running: 'endPanic; clean-up; stopped',
        mute: 'endPanic; clean-up; stopped',
        paused: 'endPanic; clean-up; stopped',
        stop5: 'endPanic; clean-up; stopped',
        stopNever: 'endPanic; clean-up; stopped',
        off: 'endPanic; clean-up; stopped',
        kill: 'endPanic; clean-up; stopped',
      },
    },
  ],
  'guest-paused': [{ input: { kind: 'guest-paused' }, cells: otherwiseSame({ running: 'paused; ; paused', mute: 'pausedMute; ; paused' }) }],
  'guest-resumed': [{ input: { kind: 'guest-resumed' }, cells: otherwiseSame({ paused: 'running; ; resumed' }) }],
  'guest-reset': [
    {
      input: { kind: 'guest-reset' },
      cells: {
        stopped: '=stopped',
        owed: '=owed',
        starting: '=starting',
        running: 'running; ; rebooted',
        mute: 'mute; ; rebooted',
        paused: 'paused; ; rebooted',
        stop5: 'stop5; ; rebooted',
        stopNever: 'stopNever; ; rebooted',
        off: 'off; ; rebooted',
        kill: 'kill; ; rebooted',
      },
    },
  ],
  'guest-panicked': [
    {
      input: { kind: 'guest-panicked' },
      cells: {
        stopped: '=stopped',
        owed: '=owed',
        starting: '=starting',
        running: 'running; ; panicked',
        mute: 'mute; ; panicked',
        paused: 'paused; ; panicked',
        stop5: 'stop5; ; panicked',
        stopNever: 'stopNever; ; panicked',
        off: 'off; ; panicked',
        kill: 'kill; ; panicked',
      },
    },
  ],
  adopted: [
    {
      input: { kind: 'adopted', paused: false, atMs: 1000 },
      cells: {
        stopped: 'running; ; adopted',
        owed: 'running; ; adopted',
        starting: 'running; ; adopted',
        running: 'running; ; adopted',
        mute: 'running; ; adopted',
        paused: 'running; ; adopted',
        stop5: 'stop5; press-button, arm-stop-timer 5000; adopted',
        stopNever: 'stopNever; press-button; adopted',
        off: 'off; power-off; adopted',
        kill: 'kill; kill; adopted',
      },
    },
    {
      input: { kind: 'adopted', paused: true, atMs: 9000 }, // the deadline has passed while no agent ran
      cells: {
        stopped: 'paused; ; adopted',
        owed: 'paused; ; adopted',
        starting: 'paused; ; adopted',
        running: 'paused; ; adopted',
        mute: 'paused; ; adopted',
        paused: 'paused; ; adopted',
        stop5: 'stop5; resume, press-button, arm-stop-timer 9000; adopted',
        stopNever: 'stopNever; resume, press-button; adopted',
        off: 'off; power-off; adopted',
        kill: 'kill; kill; adopted',
      },
    },
    {
      input: { kind: 'adopted', paused: null, atMs: 1000 },
      cells: {
        stopped: 'mute; ; adopted',
        owed: 'mute; ; adopted',
        starting: 'mute; ; adopted',
        running: 'mute; ; adopted',
        mute: 'mute; ; adopted',
        paused: 'pausedMute; ; adopted',
        stop5: 'stop5Mute; press-button, arm-stop-timer 5000; adopted',
        stopNever: 'stopNeverMute; press-button; adopted',
        off: 'offMute; power-off; adopted',
        kill: 'killMute; kill; adopted',
      },
    },
  ],
  unresponsive: [
    {
      input: { kind: 'unresponsive' },
      cells: {
        stopped: '=stopped',
        owed: '=owed',
        starting: 'startingMute; ; unresponsive',
        running: 'mute; ; unresponsive',
        mute: '=mute',
        paused: 'pausedMute; ; unresponsive',
        stop5: 'stop5Mute; ; unresponsive',
        stopNever: 'stopNeverMute; ; unresponsive',
        off: 'offMute; ; unresponsive',
        kill: 'killMute; ; unresponsive',
      },
    },
  ],
  responsive: [{ input: { kind: 'responsive' }, cells: otherwiseSame({ mute: 'running; ; responsive' }) }],
  'stop-deadline': [
    { input: { kind: 'stop-deadline', atMs: 5000 }, cells: otherwiseSame({ stop5: 'off; power-off; stopping' }) },
    { input: { kind: 'stop-deadline', atMs: 4999 }, cells: otherwiseSame({ stop5: '=stop5; arm-stop-timer 5000' }) }, // an older, shorter timer
  ],
  'power-off-failed': [
    {
      input: { kind: 'power-off-failed' },
      cells: otherwiseSame({ stop5: 'stop5; kill', stopNever: 'stopNever; kill', off: 'off; kill', kill: 'kill; kill' }),
    },
  ],
};
