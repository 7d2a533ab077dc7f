export type LineSplitter = {
  /** Whole lines so far, without their ends; null: a line is longer than the bound, and nothing after it can be trusted. */
  push(chunk: Uint8Array): string[] | null;
};

/** Cuts a stream of bytes into lines of UTF-8. */
export function createLineSplitter(maxLineBytes: number): LineSplitter {
  let parts: Uint8Array[] = [];
  let held = 0;
  return {
    push(chunk) {
      const lines: string[] = [];
      let from = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        parts.push(chunk.subarray(from, at));
        lines.push(Buffer.concat(parts).toString('utf8').trimEnd());
        parts = [];
        held = 0;
        from = at + 1;
      }
      const rest = chunk.subarray(from);
      held += rest.length;
      if (held > maxLineBytes) return null;
      if (rest.length > 0) parts.push(rest.slice());
      return lines;
    },
  };
}
