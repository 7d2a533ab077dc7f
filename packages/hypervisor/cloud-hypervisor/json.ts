/**
 * JSON whose whole numbers keep their value: counters are u64 and start at its largest value, which no JS number holds.
 * Those beyond 2^53 become bigint. @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}
