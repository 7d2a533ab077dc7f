import { type ServiceError, status } from '@grpc/grpc-js';
import type { FollowedEvent } from '../../schema/index.ts';
import type { VmEvent } from '../../wire/index.ts';
import type { Call } from '../vm-client.ts';
import { toFollowedEvent } from './documents.ts';
import type { WireClient } from './wire-client.ts';

/** Events of all VMs from now on, until the server ends them or the signal comes. @throws MvirtError */
export async function watchEvents(wire: WireClient, onEvent: (event: FollowedEvent) => void, { signal }: Call): Promise<void> {
  const method = wire.service.WatchVms;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stream = wire.readStream(method, {});
  stream.on('data', (event: VmEvent) => onEvent(toFollowedEvent(event)));
  stream.on('error', (error: ServiceError) => (signal.aborted ? resolve() : reject(wire.failure(error, method))));
  stream.on('status', ({ code }) => code === status.OK && resolve());
  const cancel = () => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
