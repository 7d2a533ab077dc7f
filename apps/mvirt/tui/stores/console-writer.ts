/** Bytes typed and not yet taken by the agent. */
const mostWaitingBytes = 65_536;

/** answering: behind the question that these bytes answer. */
export type ConsoleWriteOptions = { signal: AbortSignal; answering?: string };

export type ConsoleWriter = {
  /** Sends in order, one message at a time. False: too much is waiting, and these bytes were not taken. */
  write: (bytes: Uint8Array, answering?: string) => boolean;
  stop: () => void;
};

/** Typing into one VM: what is typed while a message is under way goes together in the next one; an answer goes alone. */
export function createConsoleWriter(deps: {
  send: (bytes: Uint8Array, options: ConsoleWriteOptions) => Promise<void>;
  onError: (error: unknown) => void;
}): ConsoleWriter {
  const stopped = new AbortController();
  const { signal } = stopped;
  let waiting: { bytes: Uint8Array; answering: string | undefined }[] = [];
  let waitingBytes = 0;
  let busy = false;

  async function drain(): Promise<void> {
    busy = true;
    try {
      for (let next = take(); next !== null && !signal.aborted; next = take()) await deps.send(next.bytes, next.options);
    } catch (error) {
      // What was typed behind it would reach the guest with a hole before it.
      waiting = [];
      waitingBytes = 0;
      if (!signal.aborted) deps.onError(error);
    } finally {
      busy = false;
    }
  }

  function take(): { bytes: Uint8Array; options: ConsoleWriteOptions } | null {
    const [first] = waiting;
    if (first === undefined) return null;
    const answerAt = waiting.findIndex((each) => each.answering !== undefined);
    const parts = waiting.splice(0, answerAt === 0 ? 1 : answerAt < 0 ? waiting.length : answerAt).map((each) => each.bytes);
    const bytes = parts.length === 1 ? first.bytes : Buffer.concat(parts);
    waitingBytes -= bytes.byteLength;
    return { bytes, options: { signal, ...(first.answering !== undefined && { answering: first.answering }) } };
  }

  return {
    write(bytes, answering) {
      if (signal.aborted || waitingBytes + bytes.byteLength > mostWaitingBytes) return false;
      waiting.push({ bytes, answering });
      waitingBytes += bytes.byteLength;
      if (!busy) void drain();
      return true;
    },
    stop: () => stopped.abort(),
  };
}
