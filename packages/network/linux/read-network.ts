import { MvirtError, toMvirtError } from '@mvirt/domain';
import type { Programs } from '@mvirt/host';
import { z } from 'zod';
import { guardTable } from '../guard-text.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../ip.ts';
import type { PresentNetwork } from '../managed-plan.ts';
import type { Neighbour } from '../managed-port.ts';
import { ipTimeoutMs, parseLinks } from './read-links.ts';

/** Reads the host's network through the programs that show it, in the network namespace that they run in. */
export type NetworkReader = {
  /** All interfaces, and the addresses of one (ADDRESS/LENGTH). */
  links(bridge: string): Promise<Pick<PresentNetwork, 'links' | 'addresses'>>;
  forwarding(): Promise<PresentNetwork['forwarding']>;
  advertised(): Promise<string[]>;
  /** null: no such table. */
  nat(table: string): Promise<string | null>;
  guarded(): Promise<string[]>;
  /** What nft lists of a guarded TAP's addresses. */
  guardedAddresses(tap: string): Promise<string>;
  /** Subnets of routes and addresses, by the interface that they are of. */
  subnets(): Promise<{ prefix: Prefix; link: string }[]>;
  neighbours(): Promise<Neighbour[]>;
};

/** Of `ip -json` what we need (iproute2); it prints empty objects for what it filters out. */
const addressesSchema = z.array(
  z.object({
    ifname: z.string().optional(),
    addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number().optional() })).optional(),
  }),
);
const routesSchema = z.array(z.object({ dst: z.string().optional(), dev: z.string().optional(), type: z.string().optional() }));
const neighboursSchema = z.array(z.object({ dst: z.string(), dev: z.string(), lladdr: z.string().optional(), state: z.array(z.string()).optional() }));

const sysctl = { ipv4: '/proc/sys/net/ipv4/ip_forward', ipv6: '/proc/sys/net/ipv6/conf/all/forwarding' } as const;

export function createNetworkReader(programs: Programs, signal?: AbortSignal): NetworkReader {
  const run = async (...argv: string[]): Promise<string> => (await programs.run(argv, { timeoutMs: ipTimeoutMs, ...(signal && { signal }) })).stdout;
  /** null where the program says that there is no such thing. */
  const ifThere = async (...argv: string[]): Promise<string | null> => {
    try {
      return await run(...argv);
    } catch (thrown) {
      if (toMvirtError(thrown).code === 'PROGRAM_FAILED' && /No such file or directory/.test(toMvirtError(thrown).message)) return null;
      throw thrown;
    }
  };
  const flag = async (path: string): Promise<boolean | null> => {
    const text = await ifThere('cat', path);
    return text === null ? null : text.trim() !== '0';
  };
  return {
    async links(bridge) {
      const text = await run('ip', '-json', '-details', 'address', 'show');
      const own = read(addressesSchema, text).find(({ ifname }) => ifname === bridge);
      return { links: parseLinks(text), addresses: addressesOf(own?.addr_info) };
    },
    async forwarding() {
      const [ipv4, ipv6] = await Promise.all([flag(sysctl.ipv4), flag(sysctl.ipv6)]);
      return { ipv4, ipv6 };
    },
    async advertised() {
      const routes = read(routesSchema, await run('ip', '-6', '-json', 'route', 'show', 'proto', 'ra'));
      const links = [...new Set(routes.flatMap(({ dev }) => dev ?? []))];
      const accepts = await Promise.all(links.map((link) => ifThere('cat', `/proc/sys/net/ipv6/conf/${link}/accept_ra`)));
      return links.filter((_, index) => accepts[index]?.trim() === '1');
    },
    nat: (table) => ifThere('nft', '--stateless', 'list', 'table', 'inet', table),
    async guarded() {
      const listed = await ifThere('nft', 'list', 'map', 'bridge', guardTable, 'taps');
      return [...(listed?.matchAll(/"([^"]+)" : jump/g) ?? [])].flatMap(([, tap]) => tap ?? []);
    },
    guardedAddresses: async (tap) => (await ifThere('nft', 'list', 'set', 'bridge', guardTable, tap)) ?? '',
    async subnets() {
      const [addresses, ipv4, ipv6] = await Promise.all([
        run('ip', '-json', 'address', 'show'),
        run('ip', '-4', '-json', 'route', 'show', 'table', 'all'),
        run('ip', '-6', '-json', 'route', 'show', 'table', 'all'),
      ]);
      const own = read(addressesSchema, addresses).flatMap(({ ifname = '', addr_info }) => addressesOf(addr_info).map((text) => ({ text, link: ifname })));
      const routed = [...routesOf(ipv4, 32), ...routesOf(ipv6, 128)];
      return [...own, ...routed].flatMap(({ text, link }) => {
        const prefix = parsePrefix(text);
        // The way to everywhere overlaps everything.
        return prefix === null || prefix.length === 0 ? [] : [{ prefix, link }];
      });
    },
    async neighbours() {
      const all = read(neighboursSchema, await run('ip', '-json', 'neighbour', 'show', 'nud', 'all'));
      return all.flatMap(({ dst, dev, lladdr, state }) =>
        lladdr === undefined || state?.includes('FAILED') ? [] : [{ bridge: dev, mac: lladdr, address: dst }],
      );
    },
  };
}

type Info = { local?: string | undefined; prefixlen?: number | undefined }[] | undefined;

const addressesOf = (info: Info): string[] =>
  (info ?? []).flatMap(({ local, prefixlen }) => (local === undefined || prefixlen === undefined ? [] : [`${local}/${prefixlen}`]));

function routesOf(text: string, whole: number): { text: string; link: string }[] {
  return read(routesSchema, text).flatMap(({ dst, dev = '' }) =>
    dst === undefined || dst === 'default' ? [] : [{ text: dst.includes('/') ? dst : `${dst}/${whole}`, link: dev }],
  );
}

function read<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  const parsed = schema.safeParse(json(text));
  if (parsed.success) return parsed.data;
  throw new MvirtError({ code: 'NETWORK_ERROR', message: 'ip answered what cannot be read', hint: 'iproute2 4.17 or later is needed', cause: parsed.error });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text.trim() === '' ? '[]' : text);
  } catch {
    // The schema refuses it, and says so.
    return null;
  }
}

/** For a list of subnets: as text, without those that say the same twice. */
export const distinct = (subnets: readonly { prefix: Prefix; link: string }[]): { subnet: string; link: string }[] => [
  ...new Map(subnets.map(({ prefix, link }) => [formatPrefix(prefix), { subnet: formatPrefix(prefix), link }])).values(),
];
