import type { FoundSocket } from '@mvirt/api/client/find-socket';
import { createOneShot } from '@mvirt/api/client/one-shot';
import { createTrpcVmClient } from '@mvirt/api/client/trpc-vm-client';
import type { Invocation } from './invocation.ts';

export type Connection = Pick<Invocation, 'client' | 'api' | 'live'>;

const closingMs = 500;

/** To the agent's own socket. Nothing is opened before it is asked for; what was is closed by `closing`. */
export function toAgent(found: FoundSocket, closing: AsyncDisposableStack): Connection {
  const where = { socketPath: found.path, tried: found.tried };
  const api = once(() => createOneShot(where));
  // Loaded where a stream is wanted: most commands make one call. A call that an agent which hangs has not answered would hold up the end.
  const live = once(async () => {
    const { createAgentClient } = await import('@mvirt/api/client/agent-client');
    return closing.adopt(createAgentClient(where), (client) => Promise.race([client.close(), Bun.sleep(closingMs)]));
  });
  return { api, live, client: once(() => createTrpcVmClient({ api, live })) };
}

export function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
