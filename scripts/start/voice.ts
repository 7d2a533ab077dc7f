/** What `npm start` says on stderr; nothing of it is ever written over the full-screen UI. */
export interface Voice {
  say(line: string): void;
  /** Keeps what is said until the UI has given the terminal back. */
  duringUi<T>(work: () => Promise<T>): Promise<T>;
}

export function createVoice(write: (line: string) => void): Voice {
  let kept: string[] | null = null;
  return {
    say(line) {
      if (kept === null) write(`mvirt: ${line}`);
      else kept.push(line);
    },
    async duringUi(work) {
      kept = [];
      try {
        return await work();
      } finally {
        const lines = kept;
        kept = null;
        for (const line of lines) write(`mvirt: ${line}`);
      }
    },
  };
}
