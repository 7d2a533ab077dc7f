/** Console text whose every byte follows from its offset: lines of 16 bytes that number themselves. */
const lineBytes = 16;

export function patternBytes(from: number, to: number): Buffer {
  const first = Math.floor(from / lineBytes);
  const last = Math.ceil(to / lineBytes);
  const lines: string[] = [];
  for (let line = first; line < last; line++) lines.push(`${String(line).padStart(lineBytes - 1, '0')}\n`);
  return Buffer.from(lines.join('')).subarray(from - first * lineBytes, to - first * lineBytes);
}

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}
