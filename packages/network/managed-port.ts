import type { Lease } from './lease.ts';
import type { ManagedNetwork } from './managed.ts';

/** One thing that is done to the host: a command line, with what it reads from its standard input, and why. */
export type NetworkStep = { argv: string[]; input: string | null; why: string };

/** Where an address was seen: the host's neighbour table, by the bridge that it was seen on. */
export type Neighbour = { bridge: string; mac: string; address: string };

export type HostSubnet = { subnet: string /** For people, such as "of eth0". */; owner: string };

/** Networks that the agent makes: each a bridge with addresses, a server of addresses and names, and rules. */
export interface ManagedNetworks {
  /** Subnets of the host's own routes and addresses, without those of these networks. ipv6: whether the kernel has it. */
  surroundings(ours: readonly string[], options: { signal?: AbortSignal }): Promise<{ taken: HostSubnet[]; ipv6: boolean; seed: string }>;
  /** What is missing on the host (wanted − present); changes nothing. @throws NETWORK_ERROR, UNSUPPORTED, PROGRAM_MISSING */
  plan(network: ManagedNetwork, options: { signal?: AbortSignal }): Promise<NetworkStep[]>;
  /** Does it; what was begun is undone on failure. Answers with what was done, nothing where all was there. */
  ensure(network: ManagedNetwork, options: { signal?: AbortSignal }): Promise<NetworkStep[]>;
  planRemoval(network: ManagedNetwork, options: { signal?: AbortSignal }): Promise<NetworkStep[]>;
  /** Takes away bridge, rules, server, leases: what of them is there. */
  remove(network: ManagedNetwork, options: { signal?: AbortSignal }): Promise<NetworkStep[]>;
  /** Names of networks of which something may be left on the host. */
  left(): string[];
  /** pid of the network's server; null: it does not run. */
  server(name: string): number | null;
  leases(name: string): Lease[];
  /** What the network's server writes its messages to, and somebody has to keep small; null: nothing. */
  logFile(name: string): string | null;
  /** Calls back soon after leases have changed, and after the network's server has ended. Until disposed. */
  watch(name: string, listener: (what: 'leases' | 'server') => void): Disposable;
  /** What the host has seen of its neighbours on bridges. */
  neighbours(options: { signal?: AbortSignal }): Promise<Neighbour[]>;
}
