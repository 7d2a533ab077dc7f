import type { VmmFact } from '../driver.ts';
import type { QmpEvent } from './qmp-replies.ts';

/**
 * What a reader of the events file carries from one event to the next; stored with the offset, so that another agent
 * goes on where this one ended.
 */
export type EventState = {
  paused: boolean;
  panicked: boolean;
  /** Reason of the last SHUTDOWN. */
  shutdown: string | null;
  /** Time of the last RESET of any kind, ms; 0: none yet. */
  lastResetMs: number;
  /** Until when a guest-reset is the echo of the reset that was told; 0: none is due. */
  echoUntilMs: number;
};

export const newEventState = (): EventState => ({ paused: false, panicked: false, shutdown: null, lastResetMs: 0, echoUntilMs: 0 });

/** Facts by which the file speaks; device: QEMU's id, which the reader translates. */
export type EventFact = Exclude<VmmFact, { kind: 'ended' | 'responsive' | 'unresponsive' }>;

/**
 * SeaBIOS answers every warm boot with one more reset of its own, 40 to 60 ms later (measured, QEMU 7.2, TCG; a slow KVM takes
 * seconds), and a reset of a paused guest gives a third one at once; OVMF gives none. So one guest-reset within echoMs is the told reset's echo.
 */
const echoMs = 5000;
/** No firmware comes up and resets again this fast: part of the same reset. */
const burstMs = 20;

/** What one event says, and the state after it. Pure: the same file always tells the same. */
export function readEvent(state: EventState, event: QmpEvent): { state: EventState; facts: EventFact[] } {
  switch (event.event) {
    case 'STOP':
      // A panic stops the vCPUs on QEMU's way out: that is no pause that anybody asked for.
      if (state.paused || state.panicked) return { state, facts: [] };
      return { state: { ...state, paused: true }, facts: [{ kind: 'guest-paused' }] };
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

/** Paused time does not count: the echo comes once the firmware runs. */
function resumed(state: EventState, atMs: number): { state: EventState; facts: EventFact[] } {
  if (!state.paused) return { state, facts: [] };
  const echoUntilMs = state.echoUntilMs === 0 ? 0 : atMs + echoMs;
  return { state: { ...state, paused: false, echoUntilMs }, facts: [{ kind: 'guest-resumed' }] };
}

function reset(state: EventState, { atMs, data }: QmpEvent): { state: EventState; facts: EventFact[] } {
  const byGuest = data.guest === true;
  if (byGuest && atMs - state.lastResetMs <= burstMs) return { state: { ...state, lastResetMs: atMs }, facts: [] };
  if (byGuest && atMs <= state.echoUntilMs) return { state: { ...state, lastResetMs: atMs, echoUntilMs: 0 }, facts: [] };
  return { state: { ...state, lastResetMs: atMs, echoUntilMs: atMs + echoMs }, facts: [{ kind: 'guest-reset' }] };
}
