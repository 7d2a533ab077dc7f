import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client';
import { createCodec } from '../schema/codec.ts';
import type { AppRouter } from '../trpc/app-router.ts';
import { connectable } from './socket-path.ts';
import { whyUnreachable } from './unreachable.ts';

export type AgentApi = TRPCClient<AppRouter>;

/**
 * A client for single commands: queries and mutations over HTTP on the agent's socket, which starts faster than a WebSocket.
 * No retries: a call fails at once with AGENT_UNREACHABLE or DENIED (see fromTrpcError) where nobody answers. Takes no subscriptions.
 */
export function createOneShot({ socketPath, tried }: { socketPath: string; tried?: string[] }): AgentApi {
  const codec = createCodec();
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: 'http://agent/trpc',
        // What was just parsed is nobody else's: it need not be copied first.
        transformer: { serialize: (value: unknown) => codec.serialize(value), deserialize: (value) => codec.deserialize(value, { inPlace: true }) },
        fetch: (url, init) => fetchUnix(String(url), (init ?? {}) as RequestInit, socketPath, tried ?? [socketPath]),
      }),
    ],
  });
}

/** Bun's fetch takes a Unix socket and saves loading node:http (10 ms and more at every command). */
async function fetchUnix(url: string, init: RequestInit, socketPath: string, tried: string[]): Promise<{ ok: boolean; body: null; json(): Promise<unknown> }> {
  try {
    using socket = connectable(socketPath);
    // No time limit of Bun's own (5 minutes): a stop may wait for its guest for as long as it takes.
    const response = await fetch(url, { ...init, unix: socket.path, timeout: false } as RequestInit);
    const json = async (): Promise<unknown> => {
      try {
        return await response.json();
      } catch (error) {
        throw init.signal?.aborted || error instanceof SyntaxError ? error : whyUnreachable(socketPath, tried, error);
      }
    };
    return { ok: response.ok, body: null, json };
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw whyUnreachable(socketPath, tried, error);
  }
}
