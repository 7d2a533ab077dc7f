import { inputs } from '../schema/input.ts';
import { toHost, toHypervisor, toUsageReading } from './documents.ts';
import type { Trpc } from './trpc.ts';

/** The agent's host. */
export function hostRouter({ router, procedure }: Trpc) {
  return router({
    info: procedure.query(({ ctx }) => toHost(ctx.services.host.info())),
    usage: procedure.input(inputs.usage).query(({ ctx, input }) => toUsageReading(ctx.services.host.usage(input))),
    hypervisors: procedure.query(async ({ ctx: { services, hungUp } }) => (await services.host.hypervisors({ signal: hungUp })).map(toHypervisor)),
    listFolder: procedure.input(inputs.listFolder).query(({ ctx, input }) => ctx.services.host.listFolder(input.path)),
  });
}
