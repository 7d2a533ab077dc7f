import { z } from 'zod';

/**
 * Reads a JSON column; what is not JSON, or not of this shape, reads as the fallback: a row is never lost over it.
 * The text stays as it is in the database until that column is changed.
 */
export function readJson<T>(text: string | null, schema: z.ZodType<T>, fallback: T): T {
  if (text === null) return fallback;
  const parsed = schema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : fallback;
}

/** undefined: absent, or not JSON. */
export function parseJson(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller's schema refuses undefined and falls back.
    return undefined;
  }
}

export const detailSchema = z.record(z.string(), z.unknown());
