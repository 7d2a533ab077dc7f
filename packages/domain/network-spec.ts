import { z } from 'zod';

/** A network that the agent makes and keeps: a bridge of its own, addresses, names, and a way out. */
export type NetworkSpec = {
  name: string;
  /** The subnet in canonical form, such as 10.140.8.0/22; null: none of that family. Its first address is the host's. */
  ipv4: string | null;
  ipv6: string | null;
  /** Whether a VM may send only with its own MAC and addresses. */
  spoofGuard: boolean;
};

/** The network that is made when it is first used. */
export const defaultNetwork = 'default';

/** What an interface's name holds (IFNAMSIZ less its NUL), less the prefix of our bridges. */
const maxNameLength = 12;

export const networkNameSchema = z
  .string()
  .max(maxNameLength, `must be at most ${maxNameLength} characters: its bridge is called mv-NAME, and the kernel takes 15`)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be of a-z 0-9 - and not start or end with a dash');

/** The bridge of a network. */
export const networkBridge = (name: string): string => `mv-${name}`;

/** The DNS domain of a network's VMs (.internal is for private use: ICANN, 2024-07-29). */
export const networkDomain = (name: string): string => `${name}.internal`;

/** undefined: chosen by the agent. null: none of that family. */
export const createNetworkSchema = z.strictObject({
  name: networkNameSchema,
  ipv4: z.cidrv4('must be a subnet such as 10.9.0.0/24').nullable().optional(),
  ipv6: z.cidrv6('must be a prefix such as fd12:3456:789a::/64').nullable().optional(),
  spoofGuard: z.boolean().default(true),
});

export type CreateNetworkInput = z.input<typeof createNetworkSchema>;

/** What a NIC is on: a network's name, or `bridge:NAME` for a bridge that is there and is never changed. */
const bridgePrefix = 'bridge:';

/** An interface name as the kernel takes it, fit for a command line. */
export const interfaceNameSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/, 'must be the name of an interface, 1 to 15 characters');

/** The bridge that `bridge:NAME` names; null: it names a network of the agent's. */
export const bridgeOf = (network: string): string | null => (network.startsWith(bridgePrefix) ? network.slice(bridgePrefix.length) : null);

export const toBridge = (bridge: string): string => `${bridgePrefix}${bridge}`;

/** The network's name or `bridge:NAME`, checked as such. */
export const nicNetworkSchema = z.string().superRefine((value, context) => {
  const bridge = bridgeOf(value);
  const parsed = bridge === null ? networkNameSchema.safeParse(value) : interfaceNameSchema.safeParse(bridge);
  if (!parsed.success) context.addIssue({ code: 'custom', message: parsed.error.issues[0]?.message ?? 'must be a network' });
});
