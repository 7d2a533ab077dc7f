import { asVmId, MvirtError, type VmId } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';
import { tracked } from '@trpc/server';
import type { EventDocument } from '../schema/index.ts';
import { inputs } from '../schema/input.ts';
import { toEvent } from './documents.ts';
import { stream } from './stream.ts';
import type { Trpc } from './trpc.ts';

/** `from` comes first, and again after a reconnect: events after `seq` follow. missed: the asked-for place is not known, or events after it were dropped. */
export type EventMessage = { kind: 'from'; seq: number; missed: boolean } | { kind: 'event'; event: EventDocument };

/** Lifecycle events by their persistent sequence. */
export function eventRouter({ router, procedure }: Trpc) {
  return router({
    /** Oldest first. since null: the last `limit` ones. */
    read: procedure.input(inputs.readEvents).query(({ ctx: { services }, input: { since, limit, vm } }) => {
      return services.events.read({ since, limit, ...filter(services, vm) }).map(toEvent);
    }),
    /** Events up to this number are kept no longer; 0: all are. */
    droppedTo: procedure.query(({ ctx: { services } }) => services.events.droppedTo()),
    /** Stored events with seq > since (null: from now on), then live ones: none missing, none twice, also over reconnects. */
    watch: procedure.input(inputs.watchEvents).subscription(({ ctx, input }) => {
      const { services } = ctx;
      const last = services.events.lastSeq();
      const asked = sequence(input.lastEventId) ?? input.since ?? last;
      const since = Math.min(asked, last);
      const options = { since, ...filter(services, input.vm) };
      return stream(
        ctx,
        (signal) =>
          withStart({ kind: 'from', seq: since, missed: asked > last || asked < services.events.droppedTo() }, services.events.watch({ ...options, signal })),
        (message) => [tracked(String(message.kind === 'from' ? message.seq : message.event.seq), message)],
      );
    }),
  });
}

async function* withStart(start: EventMessage, events: ReturnType<Services['events']['watch']>): AsyncGenerator<EventMessage> {
  yield start;
  for await (const event of events) yield { kind: 'event', event: toEvent(event) };
}

function sequence(id: string | null | undefined): number | null {
  if (id === null || id === undefined) return null;
  if (!/^\d{1,15}$/.test(id)) throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `lastEventId: ${id} is no event's sequence number` });
  return Number(id);
}

/** Events of a deleted VM stay readable by its whole id. */
function filter({ vms, events }: Services, reference: string | undefined): { vmId?: VmId } {
  if (reference === undefined) return {};
  try {
    return { vmId: vms.resolve(reference, { careful: false }) };
  } catch (error) {
    const deleted = asVmId(reference);
    if (events.read({ since: null, vmId: deleted, limit: 1 }).length > 0) return { vmId: deleted };
    throw error;
  }
}
