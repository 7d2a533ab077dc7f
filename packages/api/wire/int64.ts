/**
 * An int64 or uint64 of the wire: decimal text, exact over the whole range (a number is not, above 2^53), fit for JSON
 * as a bigint is not. protobufjs reads and writes it without loss.
 */
export type Int64 = `${bigint}`;

const mask = (1n << 64n) - 1n;

/** Whole numbers only: a fraction is cut off. What 64 bits cannot hold wraps, as protobuf's own writers do. */
export function int64(value: number | bigint): Int64 {
  const whole = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
  return `${whole < 0n ? BigInt.asIntN(64, whole) : whole & mask}`;
}

/** The number that it says; beyond 2^53 the nearest one. */
export const int64ToNumber = (text: Int64): number => Number(text);
