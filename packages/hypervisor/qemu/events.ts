import type { VmmFact } from '../driver.ts';
import type { QmpEvent } from './qmp-replies.ts';

/**
 * What a reader of the events file carries from one event to the next; stored with the offset, so that another agent
 * goes on where this one ended.
 */
export type EventState = {
  paused: boolean;
  pausedAtMs: number;
  panicked: boolean;
  /** Reason of the last SHUTDOWN. */
  shutdown: string | null;
  /** Time of the last RESET of any kind, and of the last one that was told; 0: none yet. */
  lastResetMs: number;
  toldResetMs: number;
};

export const newEventState = (): EventState => ({ paused: false, pausedAtMs: 0, panicked: false, shutdown: null, lastResetMs: 0, toldResetMs: 0 });

/** Facts by which the file speaks; device: QEMU's id, which the reader translates. */
export type EventFact = Exclude<VmmFact, { kind: 'ended' | 'responsive' | 'unresponsive' }>;

/**
 * SeaBIOS answers every warm boot with resets of its own, two or more, 1 to 200 ms apart (measured, QEMU 7.2, TCG: it tries
 * several ways of resetting, and a late one meets the next boot); OVMF does not. No operating system comes up and resets within gapMs.
 */
const gapMs = 1000;
/** A guest that resets again and again is told of at least this often. */
const chainMs = 5000;

/** What one event says, and the state after it. Pure: the same file always tells the same. */
export function readEvent(state: EventState, event: QmpEvent): { state: EventState; facts: EventFact[] } {
  switch (event.event) {
    case 'STOP':
      // A panic stops the vCPUs on QEMU's way out: that is no pause that anybody asked for.
      if (state.paused || state.panicked) return { state, facts: [] };
      return { state: { ...state, paused: true, pausedAtMs: event.atMs }, facts: [{ kind: 'guest-paused' }] };
    case 'RESUME':
      return resumed(state, event.atMs);
    case 'RESET':
      return reset(state, event);
    case 'GUEST_PANICKED':
      return { state: { ...state, panicked: true }, facts: [{ kind: 'guest-panicked' }] };
    case 'SHUTDOWN':
      return { state: { ...state, shutdown: event.data.reason ?? 'unknown' }, facts: [] };
    case 'DEVICE_DELETED':
      // The first of two names the device's inside only.
      return { state, facts: event.data.device === undefined ? [] : [{ kind: 'device-removed', device: event.data.device }] };
    default:
      return { state, facts: [] };
  }
}

/** Paused time does not count: the firmware's own resets come once it runs again. */
function resumed(state: EventState, atMs: number): { state: EventState; facts: EventFact[] } {
  if (!state.paused) return { state, facts: [] };
  const running = { ...state, paused: false };
  const booting = state.lastResetMs > 0 && state.lastResetMs >= state.pausedAtMs - gapMs;
  return { state: booting ? { ...running, lastResetMs: atMs, toldResetMs: atMs } : running, facts: [{ kind: 'guest-resumed' }] };
}

function reset(state: EventState, { atMs, data }: QmpEvent): { state: EventState; facts: EventFact[] } {
  const firmwares = data.guest === true && atMs - state.lastResetMs <= gapMs && atMs - state.toldResetMs <= chainMs;
  if (firmwares) return { state: { ...state, lastResetMs: atMs }, facts: [] };
  return { state: { ...state, lastResetMs: atMs, toldResetMs: atMs }, facts: [{ kind: 'guest-reset' }] };
}
