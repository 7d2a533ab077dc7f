import { z } from 'zod';
import { apiVersion } from './api-version.ts';

export const agentVersionSchema = z.object({ version: z.string(), apiVersion: z.literal(apiVersion) });
export type AgentVersion = z.output<typeof agentVersionSchema>;

export const agentStatusSchema = z.object({
  version: z.string(),
  pid: z.int(),
  dataDir: z.string(),
  socket: z.string(),
  startedAt: z.iso.datetime(),
  uptimeSeconds: z.number(),
  /** The last event's; a watch since it misses nothing. */
  lastEventSeq: z.int(),
  /** The host and network namespace that it is in; null: cannot be told. */
  network: z.string().nullable(),
});

export type AgentStatus = z.output<typeof agentStatusSchema>;
