import type { LogLine } from '@mvirt/engine';
import { tracked } from '@trpc/server';
import { inputs } from '../schema/input.ts';
import { toLogLine } from './documents.ts';
import { stream } from './stream.ts';
import type { Trpc } from './trpc.ts';

/** Lines asked for when a watch goes on after a reconnect: more than a client can have missed and still care for. */
const resumeTail = 10_000;

/** What happened to a VM, for people. */
export function logRouter({ router, procedure }: Trpc) {
  return router({
    read: procedure.input(inputs.readLog).query(({ ctx: { services }, input: { vm, ...options } }) => {
      return services.logs.read(services.vms.resolve(vm, { careful: false }), options).map(toLogLine);
    }),
    watch: procedure.input(inputs.watchLog).subscription(({ ctx, input }) => {
      const { services } = ctx;
      const id = services.vms.resolve(input.vm, { careful: false });
      const place = createPlace(input.lastEventId ?? null);
      const resumed = place.sinceMs === null ? {} : { sinceMs: place.sinceMs, tail: resumeTail };
      const options = { sinceMs: input.sinceMs, tail: input.tail, ...resumed };
      return stream(
        ctx,
        (signal) => services.logs.watch(id, { ...options, signal }),
        (line) => (place.isNew(line) ? [tracked(place.id(), toLogLine(line))] : []),
      );
    }),
  });
}

type Place = { sinceMs: number | null; isNew(line: LogLine): boolean; id(): string };

/**
 * Where a watch is: `<ms>:<lines seen of that ms>`. Lines have no number of their own, and several may carry one time;
 * lines without a time come before all others.
 */
export function createPlace(lastId: string | null): Place {
  const [ms, count] = (lastId?.match(/^(\d{1,16}|-):(\d{1,9})$/) ?? []).slice(1);
  const sinceMs = ms === undefined || ms === '-' ? null : Number(ms);
  let at = sinceMs;
  let seen = Number(count ?? 0);
  let skip = seen;
  return {
    sinceMs,
    isNew({ atMs }) {
      if (lastId !== null && sinceMs !== null && (atMs === null || atMs < sinceMs)) return false;
      if (atMs === sinceMs && skip > 0) {
        skip -= 1;
        return false;
      }
      seen = atMs === at ? seen + 1 : 1;
      at = atMs;
      return true;
    },
    id: () => `${at ?? '-'}:${seen}`,
  };
}
