import { exitStatus } from '@mvirt/domain/error-table';
import type { Invocation } from './invocation.ts';

type Listener = { onError: (error: unknown) => void; onComplete: () => void };

/**
 * Runs a subscription until it ends (0) or Ctrl-C (130). It goes on over an agent's restart: the client reconnects and
 * resumes. @throws AGENT_UNREACHABLE where no agent answers at its beginning, for which it would wait without end
 */
export async function follow(invocation: Invocation, subscribe: (listener: Listener) => { unsubscribe(): void }): Promise<number> {
  await invocation.api().agent.version.query(undefined, { signal: invocation.signal });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const subscription = subscribe({ onError: reject, onComplete: () => resolve(exitStatus.done) });
  const interrupted = () => resolve(exitStatus.interrupted);
  invocation.signal.addEventListener('abort', interrupted, { once: true });
  try {
    return await promise;
  } finally {
    invocation.signal.removeEventListener('abort', interrupted);
    subscription.unsubscribe();
  }
}
