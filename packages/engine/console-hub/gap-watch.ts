/** Guest output of this time may be missing: the log's filesystem had no room for it. */
export type ConsoleGap = { fromMs: number; toMs: number; offset: number };

export type GapCheck = { atMs: number; size: number; blockBytes: number; freeBytes: () => number };

/**
 * The kernel drops what a VMM prints onto a full filesystem, and tells nobody else. Full means: no block is free and the
 * log ends at a block's end, so that not one byte more fits. A gap begins when two checks in a row find it full and not
 * grown (from: the last check that found room), and ends with the first check that finds room.
 */
export interface GapWatch {
  check(now: GapCheck): ConsoleGap | null;
  /** The run is over: a gap that is still open ends. */
  end(atMs: number): ConsoleGap | null;
}

export function createGapWatch(startedAtMs: number): GapWatch {
  let roomAtMs = startedAtMs;
  let fullSize: number | null = null;
  let open: { fromMs: number; offset: number } | null = null;

  const close = (toMs: number): ConsoleGap | null => {
    const gap = open === null ? null : { ...open, toMs };
    open = null;
    fullSize = null;
    roomAtMs = toMs;
    return gap;
  };
  return {
    check({ atMs, size, blockBytes, freeBytes }) {
      const full = size % blockBytes === 0 && freeBytes() < blockBytes;
      if (!full) return close(atMs);
      if (fullSize === size) open ??= { fromMs: roomAtMs, offset: size };
      fullSize = size;
      return null;
    },
    end: close,
  };
}
