import { MvirtError } from '@mvirt/domain/error';
import type { TRPCClient } from '@trpc/client';
import type { SuperJSONResult } from 'superjson';
import { createCodec } from '../schema/codec.ts';
import type { AppRouter } from '../trpc/app-router.ts';
import { connectable } from './socket-path.ts';
import { field, fromTrpcError } from './trpc-error.ts';
import { whyUnreachable } from './unreachable.ts';

export type AgentApi = TRPCClient<AppRouter>;

type Call = (path: string, method: string, input: unknown, signal: AbortSignal | undefined) => Promise<unknown>;

/**
 * A client for single commands: queries and mutations over HTTP on the agent's socket, which starts faster than a WebSocket, and than @trpc/client,
 * whose loading and first call take longer than the rest of such a command. It speaks what httpLink speaks (https://trpc.io/docs/rpc).
 * No retries: a call fails at once with the agent's error, AGENT_UNREACHABLE or DENIED. Takes no subscriptions.
 */
export function createOneShot({ socketPath, tried = [socketPath] }: { socketPath: string; tried?: string[] }): AgentApi {
  const codec = createCodec();
  const call: Call = async (path, method, input, signal) => {
    const sent = input === undefined ? undefined : JSON.stringify(codec.serialize(input));
    const answer = await ask(request(path, method, sent), signal);
    const error = messageIn(field(answer, 'error'));
    if (error !== null) throw fromTrpcError(codec.deserialize(error));
    const data = messageIn(field(field(answer, 'result'), 'data'));
    if (data === null) throw noAgent(socketPath);
    return codec.deserialize(data);
  };

  /** Bun's fetch takes a Unix socket and saves loading node:http (10 ms and more at every command). */
  const ask = async ({ url, init }: ReturnType<typeof request>, signal: AbortSignal | undefined): Promise<unknown> => {
    try {
      using socket = connectable(socketPath);
      // No time limit of Bun's own (5 minutes): a stop may wait for its guest for as long as it takes.
      const options = { ...init, ...(signal ? { signal } : {}), unix: socket.path, timeout: false };
      const response = await fetch(url, options);
      return await response.json();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw error instanceof SyntaxError ? noAgent(socketPath, error) : whyUnreachable(socketPath, tried, error);
    }
  };
  return procedures(call) as AgentApi;
}

const noAgent = (socketPath: string, cause?: unknown): MvirtError =>
  new MvirtError({ code: 'AGENT_UNREACHABLE', message: `what answers at ${socketPath} is no mvirt agent`, cause });

/** What the codec has made; null: somebody else's words. */
const messageIn = (value: unknown): SuperJSONResult | null =>
  typeof value === 'object' && value !== null && 'json' in value ? (value as SuperJSONResult) : null;

function request(path: string, method: string, sent: string | undefined): { url: string; init: RequestInit } {
  const url = `http://agent/trpc/${path}`;
  if (method === 'query') return { url: sent === undefined ? url : `${url}?input=${encodeURIComponent(sent)}`, init: {} };
  return { url, init: { method: 'POST', headers: { 'content-type': 'application/json' }, ...(sent === undefined ? {} : { body: sent }) } };
}

/** What the router's type says: `api.vm.get.query(input)` is call('vm.get', 'query', input). */
function procedures(call: Call, names: readonly string[] = []): unknown {
  return new Proxy(() => {}, {
    // No promise: what waits for it gets it as it is.
    get: (_target, name) => (typeof name !== 'string' || name === 'then' ? undefined : procedures(call, [...names, name])),
    apply: (_target, _self, [input, options]) => call(names.slice(0, -1).join('.'), names.at(-1) ?? '', input, options?.signal),
  });
}
