import { z } from 'zod';
import type { VmmFact } from '../driver.ts';
import { parseJson } from './json.ts';

/** What a reader of the events file carries from one event to the next; stored with the offset, for the next agent. */
export type EventState = {
  paused: boolean;
  panicked: boolean;
  /** The guest's machine is off, and the VMM still there. */
  off: boolean;
  /** The VMM itself said that it ends. */
  vmmEnded: boolean;
  /** Why this agent or an earlier one made the VMM end; noted before it is asked to. */
  ending: 'guest-off' | 'power-off' | null;
};

export const newEventState = (): EventState => ({ paused: false, panicked: false, off: false, vmmEnded: false, ending: null });

export const eventStateSchema: z.ZodType<EventState> = z.object({
  paused: z.boolean(),
  panicked: z.boolean(),
  off: z.boolean(),
  vmmEnded: z.boolean(),
  ending: z.enum(['guest-off', 'power-off']).nullable(),
});

/** Facts by which the file speaks; device: cloud-hypervisor's id, which the reader translates. */
export type EventFact = Exclude<VmmFact, { kind: 'ended' | 'responsive' | 'unresponsive' }>;

const eventSchema = z.object({ source: z.string(), event: z.string(), properties: z.record(z.string(), z.unknown()).nullish() });

/** Events are indented JSON with an empty line after each (event_monitor of v53): what lies between two is one, or rubbish. */
export const eventSeparator = '\n\n';

/** What one record of the file says, and the state after it. Pure: the same file always tells the same. */
export function readEvent(record: string, state: EventState): { state: EventState; facts: EventFact[] } {
  const event = parseEvent(record);
  if (event === null) return { state, facts: [] };
  const { properties } = event;
  switch (`${event.source}/${event.event}`) {
    case 'vm/booted':
      return { state: { ...state, paused: false, off: false }, facts: [] };
    case 'vm/paused':
      return state.paused ? { state, facts: [] } : { state: { ...state, paused: true }, facts: [{ kind: 'guest-paused' }] };
    case 'vm/resumed':
      return state.paused ? { state: { ...state, paused: false }, facts: [{ kind: 'guest-resumed' }] } : { state, facts: [] };
    case 'vm/rebooted':
      // A paused VM runs after a reset, and nothing else says so (tried on v53.0).
      return {
        state: { ...state, paused: false, off: false },
        facts: [{ kind: 'guest-reset' }, ...(state.paused ? [{ kind: 'guest-resumed' } as const] : [])],
      };
    case 'vm/shutdown':
      return { state: { ...state, paused: false, off: true }, facts: [] };
    case 'vm/device-removed':
      return { state, facts: typeof properties?.id === 'string' ? [{ kind: 'device-removed', device: properties.id }] : [] };
    case 'vmm/shutdown':
      return { state: { ...state, vmmEnded: true }, facts: [] };
    case 'guest/panic':
      // crash_loaded: the guest's own crash kernel takes over, and ends it in its own way.
      if (properties?.event !== 'panic' || state.panicked) return { state, facts: [] };
      return { state: { ...state, panicked: true }, facts: [{ kind: 'guest-panicked' }] };
    default:
      return { state, facts: [] };
  }
}

function parseEvent(record: string): z.output<typeof eventSchema> | null {
  try {
    return eventSchema.safeParse(parseJson(record)).data ?? null;
  } catch {
    // Cut short by a full disk: the next one begins after the empty line.
    return null;
  }
}
