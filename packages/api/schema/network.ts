import { z } from 'zod';

/** A network as `--json` shows it and as tRPC sends it. Absent is null. */
export const networkSchema = z.object({
  name: z.string(),
  bridge: z.string(),
  ipv4: z.string().nullable(),
  ipv6: z.string().nullable(),
  /** The host's own addresses on it. */
  gateways: z.array(z.string()),
  /** Of the names of its VMs. */
  domain: z.string(),
  spoofGuard: z.boolean(),
  createdAt: z.iso.datetime().describe('RFC 3339, UTC'),
  /** null: the server of its addresses and names does not run. */
  serverPid: z.int().nullable(),
  /** What could not be mended on the host; null: nothing known. */
  fault: z.string().nullable(),
  nics: z.array(z.object({ vmId: z.string(), vmName: z.string().nullable(), mac: z.string(), kept: z.array(z.string()), addresses: z.array(z.string()) })),
});

export type NetworkDocument = z.output<typeof networkSchema>;

/** One command that was run on the host, or would be. */
export const networkStepSchema = z.object({ argv: z.array(z.string()), input: z.string().nullable(), why: z.string() });

export const networkChangeSchema = z.object({ network: networkSchema, steps: z.array(networkStepSchema) });
export type NetworkChange = z.output<typeof networkChangeSchema>;
