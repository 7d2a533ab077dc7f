import { setImmediate } from 'node:timers/promises';
import type { Connection } from './context.ts';
import { toTrpcError } from './errors.ts';

/** Messages between two breaks that let other work run, for a source that never waits. */
const messagesAtOnce = 64;

/**
 * What a subscription sends: each message of the source, once the connection can take it. Ends with the client.
 * The source is opened with a signal that aborts however the stream ends.
 */
export async function* stream<Message, Sent>(
  { connection, hungUp }: { connection: Connection; hungUp: AbortSignal },
  open: (signal: AbortSignal) => AsyncIterable<Message>,
  send: (message: Message) => Iterable<Sent>,
): AsyncGenerator<Sent, void> {
  const over = new AbortController();
  const signal = AbortSignal.any([hungUp, over.signal]);
  try {
    using _entered = connection.enter();
    let sent = 0;
    for await (const message of open(signal)) {
      for (const out of send(message)) {
        await connection.writable(signal);
        if (signal.aborted) return;
        yield out;
        if (++sent % messagesAtOnce === 0) await setImmediate();
      }
    }
  } catch (error) {
    // The client has gone: nobody is left to be told.
    if (hungUp.aborted) return;
    throw toTrpcError(error);
  } finally {
    over.abort();
  }
}
