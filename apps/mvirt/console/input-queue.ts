export type InputQueueDeps = {
  /** Takes at most maxMessageBytes at a time. */
  write: (bytes: Uint8Array) => Promise<void>;
  maxMessageBytes: number;
  /** A write that failed; what was typed after it is tried all the same. */
  onError: (error: unknown) => void;
  /** The source should rest (true) while this much and more is queued. */
  maxQueuedBytes: number;
  onFull: (full: boolean) => void;
};

export type InputQueue = {
  push(bytes: Uint8Array): void;
  /** Resolves once all that was pushed so far has been written, or has failed. */
  drained(): Promise<void>;
};

/** What is typed, in order and one write at a time: what comes meanwhile goes with the next one. */
export function createInputQueue({ write, maxMessageBytes, onError, maxQueuedBytes, onFull }: InputQueueDeps): InputQueue {
  let queue: Uint8Array = new Uint8Array();
  let full = false;
  let sending: Promise<void> | null = null;

  const tell = () => {
    const now = queue.length >= maxQueuedBytes;
    if (now !== full) onFull(now);
    full = now;
  };
  const send = async () => {
    while (queue.length > 0) {
      const bytes = queue.slice(0, maxMessageBytes);
      queue = queue.slice(bytes.length);
      tell();
      await write(bytes).catch(onError);
    }
    sending = null;
  };
  return {
    push(bytes) {
      if (bytes.length === 0) return;
      queue = Buffer.concat([queue, bytes]);
      tell();
      sending ??= send();
    },
    drained: async () => {
      await sending;
    },
  };
}
