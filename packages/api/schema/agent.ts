import { z } from 'zod';

/** The version of the documents, as `--json` prints it. */
export const apiVersion = 'mvirt/v1';

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
});

export type AgentStatus = z.output<typeof agentStatusSchema>;
