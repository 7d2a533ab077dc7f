import { type handleServerStreamingCall, type handleUnaryCall, Metadata } from '@grpc/grpc-js';
import type { MvirtError } from '@mvirt/domain';
import { failureOf, noteOf, statusOf } from './status.ts';

export type CallDeps = {
  /** Aborts when the agent shuts down. */
  closing: AbortSignal;
  onDefect(failure: MvirtError, method: string): void;
};

/** What a call is given beside its message. */
export type Call = {
  /** Aborts when the client has hung up, its deadline has passed, or the agent shuts down. */
  signal: AbortSignal;
  /** Something to know about an answer that succeeds. */
  note(text: string): void;
};

type Cancellable = { cancelled: boolean; on(event: 'cancelled', listener: () => void): unknown };

/** grpc-js says `cancelled` also of calls that have ended well: an abort then meets nobody. */
export function signalOf(call: Cancellable, { closing }: CallDeps): AbortSignal {
  const hungUp = new AbortController();
  call.on('cancelled', () => hungUp.abort());
  if (call.cancelled) hungUp.abort();
  return AbortSignal.any([hungUp.signal, closing]);
}

export function unary<Request, Answer>(
  deps: CallDeps,
  method: string,
  answer: (request: Request, call: Call) => Answer | Promise<Answer>,
): handleUnaryCall<Request, Answer> {
  return async (call, respond) => {
    let note: Metadata | undefined;
    try {
      const signal = signalOf(call, deps);
      const noted = (text: string) => {
        note = noteOf(text);
      };
      signal.throwIfAborted();
      respond(null, await answer(call.request, { signal, note: noted }), note);
    } catch (thrown) {
      respond(failed(thrown, deps, method));
    }
  };
}

/** ready: what follows is told from here on; the client gets its headers. */
export type StreamCall = Pick<Call, 'signal'> & { ready(): void };

export function serverStream<Request, Message>(
  deps: CallDeps,
  method: string,
  open: (request: Request, call: StreamCall) => AsyncIterable<Message>,
): handleServerStreamingCall<Request, Message> {
  return async (call) => {
    const signal = signalOf(call, deps);
    try {
      await send(call, open(call.request, { signal, ready: () => call.sendMetadata(new Metadata()) }), signal);
      signal.throwIfAborted();
      call.end();
    } catch (thrown) {
      call.emit('error', failed(thrown, deps, method));
    }
  };
}

/** The status that a failure is answered with; a defect of ours is told as well. */
export function failed(thrown: unknown, { closing, onDefect }: CallDeps, method: string): ReturnType<typeof statusOf> {
  const failure = failureOf(thrown, closing);
  if (failure.code === 'INTERNAL') onDefect(failure, method);
  return statusOf(failure, method);
}

/** Messages between two breaks that let other work run, for a source that never waits. */
const messagesAtOnce = 64;

type Drain = { once(event: 'drain', listener: () => void): unknown; off(event: 'drain', listener: () => void): unknown };
type Sink<Message> = Drain & { write(message: Message): boolean };

/** Sends at the reader's pace: what waits to be read is bounded by HTTP/2's window and one message. Ends with the signal. */
export async function send<Message>(sink: Sink<Message>, messages: AsyncIterable<Message>, signal: AbortSignal): Promise<void> {
  let sent = 0;
  for await (const message of messages) {
    if (signal.aborted) return;
    if (!sink.write(message)) await drained(sink, signal);
    if (++sent % messagesAtOnce === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

async function drained(sink: Drain, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => resolve();
  sink.once('drain', done);
  signal.addEventListener('abort', done, { once: true });
  await promise;
  sink.off('drain', done);
  signal.removeEventListener('abort', done);
}
