import { inputs } from '../schema/input.ts';
import { toImage } from './documents.ts';
import type { Trpc } from './trpc.ts';

/** Images that the agent keeps. An import is begun, written piece by piece, and finished; who hangs up meanwhile is waited for a while. */
export function imageRouter({ router, procedure }: Trpc) {
  return router({
    list: procedure.query(({ ctx }) => ctx.services.images.list().map(toImage)),
    get: procedure.input(inputs.image).query(({ ctx, input }) => toImage(ctx.services.images.get(input.name))),
    remove: procedure.input(inputs.image).mutation(async ({ ctx, input }) => toImage(await ctx.services.images.remove(input.name))),
    /** offset and validator: where a download goes on that an earlier import has left. */
    begin: procedure.input(inputs.beginImport).mutation(({ ctx, input }) => ctx.services.images.beginImport(input)),
    follow: procedure.input(inputs.followImport).mutation(({ ctx, input: { id, ...from } }) => ctx.services.images.followImport(id, from)),
    /** Answers with the offset behind the piece. */
    write: procedure.input(inputs.writeImport).mutation(({ ctx, input: { id, ...piece } }) => ctx.services.images.writeImport(id, piece)),
    finish: procedure.input(inputs.import).mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toImage(await services.images.finishImport(input.id, { signal: hungUp }));
    }),
    cancel: procedure.input(inputs.import).mutation(({ ctx, input }) => ctx.services.images.cancelImport(input.id)),
  });
}
