import { z } from 'zod';

/** As known_hosts has it: the algorithm's name and the key in base64. */
const hostKeySchema = z.object({ type: z.string(), key: z.string() });
export type HostKeyDocument = z.output<typeof hostKeySchema>;

/** How an SSH client reaches a VM's guest. */
export const sshTargetSchema = z.object({
  vmId: z.string(),
  vmName: z.string().nullable(),
  /** Where its SSH server has answered the agent. */
  address: z.string(),
  /** Who logs in to its image's guests; null: not known. */
  user: z.string().nullable(),
  /** What the guest printed on its console; null: nothing. */
  hostKeys: z.array(hostKeySchema).nullable(),
  /** How much longer it may take to print them, in ms. */
  keysDueMs: z.number(),
  /** The network that the agent is in: where the client is in another one, it goes through the agent. null: cannot be told. */
  network: z.string().nullable(),
});

export type SshTargetDocument = z.output<typeof sshTargetSchema>;

/** The command line of an SSH client, as `mvirt ssh --json` and `mvirt cp --json` print it. */
export const sshCommandSchema = z.object({
  vmId: z.string(),
  vmName: z.string().nullable(),
  address: z.string(),
  user: z.string(),
  /** console: the guest printed its keys. first-use: the first key that is shown is trusted. */
  hostKeys: z.enum(['console', 'first-use']),
  knownHosts: z.string(),
  argv: z.array(z.string()),
});

export type SshCommand = z.output<typeof sshCommandSchema>;
