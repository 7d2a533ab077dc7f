import { initTRPC } from '@trpc/server';
import { createCodec } from '../schema/codec.ts';
import type { ApiContext } from './context.ts';
import { errorDocument, toMvirtFailure, toTrpcError } from './errors.ts';

/** tRPC set up for our context: the codec, and errors that carry `data.mvirt = {code, message, hint}`. */
export function createTrpc() {
  const t = initTRPC.context<ApiContext>().create({
    transformer: createCodec(),
    isDev: false,
    errorFormatter: ({ shape, error }) => ({ ...shape, data: { ...shape.data, mvirt: errorDocument(toMvirtFailure(error)) } }),
  });
  const procedure = t.procedure.use(async ({ ctx, type, signal, next }) => {
    // A subscription outlives this call: it is counted while it streams (stream.ts).
    using _entered = type === 'subscription' ? null : ctx.connection.enter();
    const hungUp = signal === undefined ? ctx.connection.signal : AbortSignal.any([ctx.connection.signal, signal]);
    const result = await next({ ctx: { ...ctx, hungUp } });
    if (!result.ok) throw toTrpcError(result.error);
    return result;
  });
  return { router: t.router, procedure };
}

export type Trpc = ReturnType<typeof createTrpc>;
