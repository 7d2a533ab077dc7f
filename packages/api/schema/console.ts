import { z } from 'zod';

export const consoleStartSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cursor'), cursor: z.string().max(200) }),
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({ kind: z.literal('tail'), bytes: z.int().min(0) }),
  z.strictObject({ kind: z.literal('lines'), lines: z.int().min(0) }),
  z.strictObject({ kind: z.literal('live') }),
  z.strictObject({ kind: z.literal('since'), atMs: z.int() }),
]);

export type ConsoleStartInput = z.output<typeof consoleStartSchema>;
