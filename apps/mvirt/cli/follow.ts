import { followSubscription } from '@mvirt/api/client/follow';
import { exitStatus } from '@mvirt/domain/error-table';
import type { Invocation } from './invocation.ts';

/** Runs a subscription until it ends (0) or Ctrl-C (130). @throws AGENT_UNREACHABLE where no agent answers at its beginning */
export async function follow({ api, signal }: Invocation, subscribe: Parameters<typeof followSubscription>[2]): Promise<number> {
  await followSubscription(api(), signal, subscribe);
  return signal.aborted ? exitStatus.interrupted : exitStatus.done;
}
