import type { NetworkChange } from '../schema/index.ts';
import { inputs } from '../schema/input.ts';
import { defined } from './defined.ts';
import { toNetwork } from './documents.ts';
import type { Trpc } from './trpc.ts';

/** Networks that the agent makes. dryRun changes nothing, and answers with the steps that would be taken. */
export function networkRouter({ router, procedure }: Trpc) {
  return router({
    list: procedure.query(({ ctx }) => ctx.services.networks.list().map(toNetwork)),
    get: procedure.input(inputs.network).query(({ ctx, input }) => toNetwork(ctx.services.networks.get(input.name))),
    create: procedure.input(inputs.createNetwork).mutation(async ({ ctx: { services, hungUp }, input: { dryRun, ...network } }): Promise<NetworkChange> => {
      const made = await services.networks.create(defined(network), { dryRun, signal: hungUp });
      return { network: toNetwork(made.network), steps: made.steps };
    }),
    remove: procedure.input(inputs.removeNetwork).mutation(async ({ ctx: { services, hungUp }, input: { name, dryRun } }): Promise<NetworkChange> => {
      const removed = await services.networks.remove(name, { dryRun, signal: hungUp });
      return { network: toNetwork(removed.network), steps: removed.steps };
    }),
  });
}
