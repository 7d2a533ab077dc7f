/// <reference path="../ws.d.ts" />
import type { MvirtError } from '@mvirt/domain/error';
import { createTRPCClient, createWSClient, splitLink, type TRPCClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import { createCodec } from '../schema/codec.ts';
import type { AppRouter } from '../trpc/app-router.ts';
import { connectable } from './socket-path.ts';
import { whyUnreachable } from './unreachable.ts';

/** lost: attempts made since; the client goes on trying. */
export type ConnectionState = { kind: 'connecting' } | { kind: 'connected' } | { kind: 'lost'; attempts: number; reason: MvirtError };

export type AgentClientOptions = {
  socketPath: string;
  /** For the message when nobody answers. */
  tried?: string[];
  onState?: (state: ConnectionState) => void;
};

/**
 * A connection that lasts: opened by the first call, opened again when lost. Subscriptions go on where they were;
 * a call made while the agent is away waits for it (give it a signal), one under way fails with AGENT_UNREACHABLE.
 */
export type AgentClient = {
  readonly api: TRPCClient<AppRouter>;
  state(): ConnectionState;
  close(): Promise<void>;
};

const firstRetryMs = 100;
const lastRetryMs = 1000;

/** Idle time after which a connection without subscriptions closes. */
const idleCloseMs = 30_000;

export function createAgentClient({ socketPath, tried = [socketPath], onState }: AgentClientOptions): AgentClient {
  let state: ConnectionState = { kind: 'connecting' };
  const main = connect(socketPath, (next, attempts) => {
    state = next === 'lost' ? { kind: 'lost', attempts, reason: whyUnreachable(socketPath, tried) } : { kind: next };
    onState?.(state);
  });
  // Consoles have a connection of their own: its back-pressure must not hold up anything else.
  const consoles = connect(socketPath, () => {});
  const transformer = createCodec();
  const api = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (call) => call.path.startsWith('console.'),
        true: wsLink({ client: consoles.client, transformer }),
        false: wsLink({ client: main.client, transformer }),
      }),
    ],
  });
  return {
    api,
    state: () => state,
    async close() {
      await Promise.all([main.close(), consoles.close()]);
    },
  };
}

function connect(socketPath: string, onState: (state: ConnectionState['kind'], attempts: number) => void) {
  let attempts = 0;
  let socket: ReturnType<typeof connectable> | null = null;
  const release = () => {
    socket?.[Symbol.dispose]();
    socket = null;
  };
  const client = createWSClient({
    url: () => {
      release();
      socket = connectable(socketPath);
      return `ws+unix:${socket.path}:/trpc`;
    },
    WebSocket,
    lazy: { enabled: true, closeMs: idleCloseMs },
    retryDelayMs: (attempt) => {
      attempts = attempt;
      return attempt === 0 ? 0 : Math.min(firstRetryMs * 2 ** (attempt - 1), lastRetryMs);
    },
    keepAlive: { enabled: true, intervalMs: 5000, pongTimeoutMs: 5000 },
  });
  const states = client.connectionState.subscribe({
    next: ({ state, error }) => {
      if (state === 'pending') attempts = 0;
      onState(state === 'pending' ? 'connected' : state === 'connecting' && error !== null ? 'lost' : 'connecting', attempts);
    },
  });
  return {
    client,
    async close() {
      states.unsubscribe();
      await client.close();
      release();
    },
  };
}
