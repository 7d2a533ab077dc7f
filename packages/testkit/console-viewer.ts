import type { ConsoleMessage } from '@mvirt/engine';
import { waitFor } from './wait-for.ts';

/** Reads a console stream until it is stopped, and keeps what came. */
export type ConsoleViewer = {
  readonly messages: ConsoleMessage[];
  /** All data, also over resyncs. */
  text(): string;
  /** Where the stream would go on. */
  cursor(): string;
  until(name: string, condition: (viewer: ConsoleViewer) => boolean): Promise<void>;
  /** What ended the stream, if it failed. */
  failure(): unknown;
  ended(): boolean;
  stop(): Promise<void>;
};

export function viewConsole(open: (signal: AbortSignal) => AsyncIterable<ConsoleMessage>): ConsoleViewer {
  const stop = new AbortController();
  const messages: ConsoleMessage[] = [];
  let failure: unknown = null;
  let ended = false;
  const pump = async () => {
    try {
      for await (const message of open(stop.signal)) messages.push(message);
    } catch (error) {
      failure = error;
    }
    ended = true;
  };
  const done = pump();
  const viewer: ConsoleViewer = {
    messages,
    text: () => Buffer.concat(messages.flatMap((message) => (message.kind === 'data' ? [message.bytes] : []))).toString(),
    cursor: () => messages.at(-1)?.cursor ?? '',
    until: async (name, condition) => {
      await waitFor(`${name}; came: ${messages.length} messages`, () => condition(viewer));
    },
    failure: () => failure,
    ended: () => ended,
    async stop() {
      stop.abort();
      await done;
    },
  };
  return viewer;
}
