import { type ServiceError, status } from '@grpc/grpc-js';
import { MvirtError } from '@mvirt/domain/error';
import { vmLabel } from '@mvirt/domain/vm-label';
import type { ConsoleDoor, ConsoleLink, ConsoleViewer } from '../vm-client.ts';
import type { WireClient } from './wire-client.ts';

/** What was typed before leaving may take this long to be taken. */
const lastWordsMs = 1000;
const nothing = new Uint8Array();

/** A console of the contract: live from the moment of the call, without history, over with the VM's run. */
export function consoleDoor(wire: WireClient, vm: { id: string; name: string | null }): ConsoleDoor {
  return { attach: (viewer) => attach(wire, vm, viewer) };
}

function attach(wire: WireClient, vm: { id: string; name: string | null }, viewer: ConsoleViewer): ConsoleLink {
  const method = wire.service.Console;
  const stream = wire.duplex(method);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let leaving = false;
  let lastWriteMs = Number.NEGATIVE_INFINITY;
  viewer.onMessage({ kind: 'live' });
  stream.on('data', ({ data }: { data: Uint8Array }) => viewer.onMessage({ kind: 'data', bytes: data }));
  stream.on('error', (error: ServiceError) => {
    end();
    if (!leaving) viewer.onError(wire.failure(error, method));
  });
  stream.on('status', ({ code }) => {
    end();
    if (code === status.OK && !leaving) viewer.onEnd(`VM ${vmLabel(vm)} is off`);
  });
  stream.write({ vm_id: vm.id, data: nothing });
  return {
    async write(data) {
      const { promise: taken, resolve } = Promise.withResolvers<void>();
      if (stream.writable) stream.write({ vm_id: '', data }, () => resolve());
      else throw new MvirtError({ code: 'WRONG_STATE', message: 'the console takes no input any more' });
      await Promise.race([taken, over]);
      lastWriteMs = performance.now();
    },
    async close() {
      leaving = true;
      stream.end();
      // A server may go on after the end of what is typed; cut off, it might lose the last of it.
      await Promise.race([over, Bun.sleep(Math.max(0, lastWriteMs + lastWordsMs - performance.now()))]);
      stream.cancel();
    },
  };
}
