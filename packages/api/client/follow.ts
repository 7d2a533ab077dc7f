import type { AgentApi } from './one-shot.ts';

type Listener = { onError: (error: unknown) => void; onComplete: () => void };

/**
 * Runs a subscription until it ends or the signal comes. It goes on over an agent's restart: the client reconnects and
 * resumes. @throws AGENT_UNREACHABLE where no agent answers at its beginning, for which it would wait without end
 */
export async function followSubscription(api: AgentApi, signal: AbortSignal, subscribe: (listener: Listener) => { unsubscribe(): void }): Promise<void> {
  await api.agent.version.query(undefined, { signal });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const subscription = subscribe({ onError: reject, onComplete: resolve });
  const over = () => resolve();
  signal.addEventListener('abort', over, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', over);
    subscription.unsubscribe();
  }
}
