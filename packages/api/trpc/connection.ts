import { setTimeout as sleep } from 'node:timers/promises';
import { MvirtError } from '@mvirt/domain';
import type { ServerSocket } from 'ws';
import type { Connection, Peer } from './context.ts';

/** Bytes that may wait in a connection's buffer before its subscriptions pause. */
const maxBufferedBytes = 1 << 20;
const pollMs = 5;
const open = 1;

/** maxCalls: calls and subscriptions of one connection that run at once. */
export type ConnectionLimits = { maxCalls: number };

/** A WebSocket, as calls see it. ws has no event for a drained buffer: it is looked at every few milliseconds while it is full. */
export function webSocketConnection(socket: ServerSocket, peer: Peer | null, signal: AbortSignal, limits: ConnectionLimits): Connection {
  const isFull = () => socket.bufferedAmount > maxBufferedBytes && socket.readyState === open;
  return {
    peer,
    signal,
    async writable(over) {
      while (isFull() && !over.aborted) await sleep(pollMs);
    },
    enter: counter(limits),
  };
}

/** One HTTP request: a single call. */
export function requestConnection(peer: Peer | null, signal: AbortSignal): Connection {
  return { peer, signal, writable: async () => {}, enter: counter({ maxCalls: 1 }) };
}

function counter({ maxCalls }: ConnectionLimits): () => Disposable {
  let running = 0;
  return () => {
    if (running >= maxCalls) {
      throw new MvirtError({ code: 'TOO_MANY', message: `more than ${maxCalls} calls and subscriptions on one connection` });
    }
    running += 1;
    let left = false;
    return {
      [Symbol.dispose]() {
        if (!left) running -= 1;
        left = true;
      },
    };
  };
}
