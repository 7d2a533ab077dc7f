/** Bytes typed and not yet taken by the agent. */
const mostWaitingBytes = 65_536;

export type ConsoleWriter = {
  /** Sends in order, one message at a time. False: too much is waiting, and these bytes were not taken. */
  write: (bytes: Uint8Array) => boolean;
  stop: () => void;
};

/** Typing into one VM: what comes while a message is under way goes together in the next one. */
export function createConsoleWriter(deps: {
  send: (bytes: Uint8Array, options: { signal: AbortSignal }) => Promise<void>;
  onError: (error: unknown) => void;
}): ConsoleWriter {
  const stopped = new AbortController();
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let busy = false;

  async function drain(): Promise<void> {
    busy = true;
    try {
      while (waiting.length > 0 && !stopped.signal.aborted) {
        const message = joined(waiting, waitingBytes);
        waiting = [];
        waitingBytes = 0;
        await deps.send(message, { signal: stopped.signal });
      }
    } catch (error) {
      // What was typed behind it would reach the guest with a hole before it.
      waiting = [];
      waitingBytes = 0;
      if (!stopped.signal.aborted) deps.onError(error);
    } finally {
      busy = false;
    }
  }

  return {
    write(bytes) {
      if (stopped.signal.aborted || waitingBytes + bytes.byteLength > mostWaitingBytes) return false;
      waiting.push(bytes);
      waitingBytes += bytes.byteLength;
      if (!busy) void drain();
      return true;
    },
    stop: () => stopped.abort(),
  };
}

function joined(parts: Uint8Array[], total: number): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
