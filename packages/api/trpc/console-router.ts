import { tracked } from '@trpc/server';
import { inputs } from '../schema/input.ts';
import { stream } from './stream.ts';
import type { Trpc } from './trpc.ts';

/** A VM's serial console. Messages carry the cursor at which a reconnect goes on, so that no byte is lost or doubled. */
export function consoleRouter({ router, procedure }: Trpc) {
  return router({
    attach: procedure.input(inputs.attachConsole).subscription(({ ctx, input }) => {
      const { services } = ctx;
      const id = services.vms.resolve(input.vm, { careful: false });
      const from = input.lastEventId ? ({ kind: 'cursor', cursor: input.lastEventId } as const) : input.from;
      return stream(
        ctx,
        (signal) => services.consoles.attach(id, { from, signal }),
        (message) => [tracked(message.cursor, message)],
      );
    }),
    write: procedure.input(inputs.writeConsole).mutation(async ({ ctx: { services, hungUp }, input }) => {
      const id = services.vms.resolve(input.vm, { careful: false });
      await services.consoles.write(id, input.bytes, { signal: hungUp, ...(input.answering !== undefined && { answering: input.answering }) });
    }),
  });
}
