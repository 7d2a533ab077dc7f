import type { Circumstances, VmInput } from '../transition.ts';
import { type Column, failed, guestOff, lost, type Outcome, panic, sigkill } from './conditions.ts';

/** outcome; effects; events. A leading "=": nothing changed. "!": refused, with this reason. */
export type Cell = `${'' | '='}${Outcome}` | `${'' | '='}${Outcome};${string}` | `!${string}`;
/** around: what else decides; else the policy is never, it is 1000 and no run has lasted. */
type Case = { input: VmInput; around?: Partial<Circumstances>; cells: Record<Column, Cell> };

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
  due: '=due',
  boot: '=boot',
  retry: '=retry',
  rerun: '=rerun',
  ...cells,
});

type End = { up: Cell; again?: Cell; asked: Cell; off?: Cell; killed?: Cell };

/** An end of what is up. again: in a row of restarts; asked, off, killed: while it is being stopped, powered off, killed. */
const endOf = ({ up, again = up, asked, off = asked, killed = 'endKilled; clean-up; stopped' }: End): Record<Column, Cell> =>
  otherwiseSame({ starting: up, running: up, mute: up, paused: up, stop5: asked, stopNever: asked, off, kill: killed, retry: again, rerun: again });

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
        due: 'starting; launch; starting',
        boot: 'starting; launch; starting',
        retry: '=retry',
        rerun: '=rerun',
      },
    },
    {
      input: { kind: 'start', restart: true },
      cells: otherwiseSame({ due: 'retry; launch; starting', boot: 'bootStarting; launch; starting' }),
    },
  ],
  stop: [
    {
      input: { kind: 'stop', graceMs: 3000, atMs: 1000 },
      cells: {
        stopped: '=stopped',
        owed: 'stopped;; changed',
        starting: 'stop4; abort-launch, arm-stop-timer 4000; stopping',
        running: 'stop4; press-button, arm-stop-timer 4000; stopping',
        mute: 'stop4Mute; press-button, arm-stop-timer 4000; stopping',
        paused: 'stop4; resume, press-button, arm-stop-timer 4000; stopping',
        stop5: 'stop4; arm-stop-timer 4000',
        stopNever: 'stop4; arm-stop-timer 4000',
        off: '=off',
        kill: '=kill',
        due: 'stopped;; changed',
        boot: 'stopped;; changed',
        retry: 'stop4; abort-launch, arm-stop-timer 4000; stopping',
        rerun: 'stop4; press-button, arm-stop-timer 4000; stopping',
      },
    },
    {
      input: { kind: 'stop', graceMs: 9000, atMs: 1000 },
      cells: {
        stopped: '=stopped',
        owed: 'stopped;; changed',
        starting: 'stop10; abort-launch, arm-stop-timer 10000; stopping',
        running: 'stop10; press-button, arm-stop-timer 10000; stopping',
        mute: 'stop10Mute; press-button, arm-stop-timer 10000; stopping',
        paused: 'stop10; resume, press-button, arm-stop-timer 10000; stopping',
        stop5: '=stop5',
        stopNever: 'stop10; arm-stop-timer 10000',
        off: '=off',
        kill: '=kill',
        due: 'stopped;; changed',
        boot: 'stopped;; changed',
        retry: 'stop10; abort-launch, arm-stop-timer 10000; stopping',
        rerun: 'stop10; press-button, arm-stop-timer 10000; stopping',
      },
    },
    {
      input: { kind: 'stop', graceMs: null, atMs: 1000 },
      cells: {
        stopped: '=stopped',
        owed: 'stopped;; changed',
        starting: 'stopNever; abort-launch; stopping',
        running: 'stopNever; press-button; stopping',
        mute: 'stopNeverMute; press-button; stopping',
        paused: 'stopNever; resume, press-button; stopping',
        stop5: '=stop5',
        stopNever: '=stopNever',
        off: '=off',
        kill: '=kill',
        due: 'stopped;; changed',
        boot: 'stopped;; changed',
        retry: 'stopNever; abort-launch; stopping',
        rerun: 'stopNever; press-button; stopping',
      },
    },
    {
      input: { kind: 'stop', graceMs: 3000, atMs: 1000, drain: true },
      cells: {
        stopped: '=stopped',
        owed: '=owed',
        starting: 'drain4; abort-launch, arm-stop-timer 4000; stopping',
        running: 'drain4; press-button, arm-stop-timer 4000; stopping',
        mute: 'drain4Mute; press-button, arm-stop-timer 4000; stopping',
        paused: 'drain4; resume, press-button, arm-stop-timer 4000; stopping',
        stop5: 'stop4; arm-stop-timer 4000', // its user stopped it: it stays stopped
        stopNever: 'stop4; arm-stop-timer 4000',
        off: '=off',
        kill: '=kill',
        due: 'owed;; changed',
        boot: 'owed;; changed',
        retry: 'drain4; abort-launch, arm-stop-timer 4000; stopping',
        rerun: 'drain4; press-button, arm-stop-timer 4000; stopping',
      },
    },
  ],
  kill: [
    {
      input: { kind: 'kill' },
      cells: {
        stopped: '=stopped',
        owed: 'stopped;; changed',
        starting: 'kill; abort-launch, kill; stopping',
        running: 'kill; kill; stopping',
        mute: 'killMute; kill; stopping',
        paused: 'kill; kill; stopping',
        stop5: 'kill; kill; stopping',
        stopNever: 'kill; kill; stopping',
        off: 'kill; kill; stopping',
        kill: '=kill; kill',
        due: 'stopped;; changed',
        boot: 'stopped;; changed',
        retry: 'kill; abort-launch, kill; stopping',
        rerun: 'kill; kill; stopping',
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
        due: '!is stopped, and only a running VM can be rebooted',
        boot: '!is stopped, and only a running VM can be rebooted',
        retry: '!is starting, and only a running VM can be rebooted',
        rerun: 'rerun; reset',
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
        due: '!is stopped, and only a running VM can be paused',
        boot: '!is stopped, and only a running VM can be paused',
        retry: '!is starting, and only a running VM can be paused',
        rerun: 'rerun; pause',
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
        due: '!is stopped, and only a paused VM can be resumed',
        boot: '!is stopped, and only a paused VM can be resumed',
        retry: '!is starting, and only a paused VM can be resumed',
        rerun: '=rerun',
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
        due: 'due; remove; deleted',
        boot: 'boot; remove; deleted',
        retry: '!is starting, and only a stopped VM can be deleted',
        rerun: '!is running, and only a stopped VM can be deleted',
      },
    },
  ],
  launched: [
    {
      input: { kind: 'launched' },
      cells: otherwiseSame({
        starting: 'running; ; started',
        retry: 'rerun; ; started',
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
        due: 'endFailed; ; start-failed',
        boot: 'endFailed; ; start-failed',
        retry: 'endFailed; clean-up; start-failed',
        stop5: 'endUnstarted; clean-up; stopped',
        stopNever: 'endUnstarted; clean-up; stopped',
        off: 'endUnstarted; clean-up; stopped',
        kill: 'endKilled; clean-up; stopped',
      }),
    },
    {
      input: { kind: 'launch-failed', cause: failed },
      around: { policy: 'on-failure' },
      cells: otherwiseSame({
        starting: 'endFailed; clean-up; start-failed', // its user asked for this start, and is told
        stop5: 'endUnstarted; clean-up; stopped',
        stopNever: 'endUnstarted; clean-up; stopped',
        off: 'endUnstarted; clean-up; stopped',
        kill: 'endKilled; clean-up; stopped',
        due: 'failedThrice; arm-restart-timer 5000; start-failed, restarting',
        boot: 'failedOnce; arm-restart-timer 2000; start-failed, restarting',
        retry: 'failedThrice; clean-up, arm-restart-timer 5000; start-failed, restarting',
      }),
    },
  ],
  ended: [
    { input: { kind: 'ended', cause: guestOff }, cells: endOf({ up: 'endGuestOff; clean-up; stopped', asked: 'endAsked; clean-up; stopped' }) },
    {
      input: { kind: 'ended', cause: sigkill },
      cells: endOf({ up: 'endSigkill; clean-up; stopped', asked: 'endSigkill; clean-up; stopped', off: 'endForced; clean-up; stopped' }),
    },
    {
      input: { kind: 'ended', cause: panic },
      cells: endOf({ up: 'endPanic; clean-up; stopped', asked: 'endPanic; clean-up; stopped', killed: 'endPanic; clean-up; stopped' }),
    },
    {
      input: { kind: 'ended', cause: sigkill },
      around: { policy: 'on-failure' },
      cells: endOf({
        up: 'shotOnce; clean-up, arm-restart-timer 2000; stopped, restarting',
        again: 'shotThrice; clean-up, arm-restart-timer 5000; stopped, restarting',
        asked: 'endSigkill; clean-up; stopped',
        off: 'endForced; clean-up; stopped',
      }),
    },
    {
      input: { kind: 'ended', cause: sigkill },
      around: { policy: 'on-failure', ranMs: 60_000 },
      cells: endOf({
        up: 'shotOnce; clean-up, arm-restart-timer 2000; stopped, restarting',
        asked: 'endSigkill; clean-up; stopped',
        off: 'endForced; clean-up; stopped',
      }),
    },
    {
      input: { kind: 'ended', cause: guestOff },
      around: { policy: 'on-failure' },
      cells: endOf({ up: 'endGuestOff; clean-up; stopped', asked: 'endAsked; clean-up; stopped' }),
    },
    {
      input: { kind: 'ended', cause: guestOff },
      around: { policy: 'always' },
      cells: endOf({
        up: 'offOnce; clean-up, arm-restart-timer 2000; stopped, restarting',
        again: 'offThrice; clean-up, arm-restart-timer 5000; stopped, restarting',
        asked: 'endAsked; clean-up; stopped',
      }),
    },
    {
      input: { kind: 'ended', cause: lost },
      cells: endOf({ up: 'endLost; clean-up; stopped', asked: 'endLost; clean-up; stopped', killed: 'endLost; clean-up; stopped' }),
    },
    {
      input: { kind: 'ended', cause: lost },
      around: { policy: 'on-failure' },
      cells: endOf({ up: 'owedLost; clean-up; stopped', asked: 'endLost; clean-up; stopped', killed: 'endLost; clean-up; stopped' }),
    },
    {
      input: { kind: 'ended', cause: lost },
      around: { autostart: true },
      cells: endOf({ up: 'owedLost; clean-up; stopped', asked: 'endLost; clean-up; stopped', killed: 'endLost; clean-up; stopped' }),
    },
  ],
  'guest-paused': [
    { input: { kind: 'guest-paused' }, cells: otherwiseSame({ running: 'paused; ; paused', mute: 'pausedMute; ; paused', rerun: 'rerunPaused; ; paused' }) },
  ],
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
        due: '=due',
        boot: '=boot',
        retry: '=retry',
        rerun: 'rerun; ; rebooted',
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
        due: '=due',
        boot: '=boot',
        retry: '=retry',
        rerun: 'rerun; ; panicked',
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
        due: 'rerun; ; adopted',
        boot: 'bootRunning; ; adopted',
        retry: 'rerun; ; adopted',
        rerun: 'rerun; ; adopted',
      },
    },
    {
      input: { kind: 'adopted', paused: false, atMs: 200 }, // the clock was set back while no agent ran
      cells: {
        stopped: 'running; ; adopted',
        owed: 'running; ; adopted',
        starting: 'running; ; adopted',
        running: 'running; ; adopted',
        mute: 'running; ; adopted',
        paused: 'running; ; adopted',
        stop5: 'stop5Back; press-button, arm-stop-timer 4700; adopted',
        stopNever: 'stopNever; press-button; adopted',
        off: 'offBack; power-off; adopted',
        kill: 'kill; kill; adopted',
        due: 'rerun; ; adopted',
        boot: 'bootRunning; ; adopted',
        retry: 'rerun; ; adopted',
        rerun: 'rerun; ; adopted',
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
        due: 'rerunPaused; ; adopted',
        boot: 'bootPaused; ; adopted',
        retry: 'rerunPaused; ; adopted',
        rerun: 'rerunPaused; ; adopted',
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
        due: 'rerunMute; ; adopted',
        boot: 'bootMute; ; adopted',
        retry: 'rerunMute; ; adopted',
        rerun: 'rerunMute; ; adopted',
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
        due: '=due',
        boot: '=boot',
        retry: 'retryMute; ; unresponsive',
        rerun: 'rerunMute; ; unresponsive',
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
  owe: [
    {
      input: { kind: 'owe', atMs: 3000 },
      cells: otherwiseSame({
        stopped: 'bootAt3; arm-restart-timer 3000',
        owed: 'bootAt3; arm-restart-timer 3000',
        due: 'bootAt3; arm-restart-timer 3000',
        boot: 'bootAt3; arm-restart-timer 3000',
      }),
    },
  ],
  'restart-due': [
    {
      input: { kind: 'restart-due', atMs: 7000 },
      around: { policy: 'on-failure' },
      cells: otherwiseSame({ due: '=due; restart', boot: '=boot; restart' }),
    },
    {
      input: { kind: 'restart-due', atMs: 7000 }, // the policy was taken away meanwhile
      cells: otherwiseSame({ due: 'stopped;; changed', boot: '=boot; restart' }),
    },
    {
      input: { kind: 'restart-due', atMs: 6999 }, // an older, shorter timer
      cells: otherwiseSame({ due: '=due; arm-restart-timer 7000', boot: '=boot; arm-restart-timer 7000' }),
    },
    {
      input: { kind: 'restart-due', atMs: 100, bootMs: 500 }, // the clock was set back
      cells: otherwiseSame({ due: 'dueBack; arm-restart-timer 2100', boot: 'bootBack; arm-restart-timer 600' }),
    },
  ],
};
