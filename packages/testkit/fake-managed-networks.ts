import { MvirtError, networkBridge } from '@mvirt/domain';
import type { HostSubnet, Lease, ManagedNetwork, ManagedNetworks, Neighbour, NetworkStep } from '@mvirt/network';

/** Managed networks in memory, by the port's rules. Outlives "agents". */
export type FakeManagedNetworks = ManagedNetworks & {
  /** What is on the "host", by name. */
  made(): ManagedNetwork[];
  /** Somebody's `ip link del`, or a reboot. */
  lose(name: string): void;
  /** The server ends; who watches is told. */
  endServer(name: string): void;
  /** A guest's lease; who watches is told. mac null: DHCPv6. */
  lease(name: string, lease: Lease): void;
  seen: Neighbour[];
  taken: HostSubnet[];
  failNextEnsure(words: string): void;
  failNextRemove(words: string): void;
};

type Entry = { network: ManagedNetwork; whole: boolean; serverPid: number | null };

export function createFakeManagedNetworks(): FakeManagedNetworks {
  const entries = new Map<string, Entry>();
  const leases = new Map<string, Lease[]>();
  const watchers = new Map<string, Set<(what: 'leases' | 'server') => void>>();
  let nextPid = 0x4100_0001;
  const failures: { ensure: string | null; remove: string | null } = { ensure: null, remove: null };

  const fail = (what: 'ensure' | 'remove'): void => {
    const words = failures[what];
    failures[what] = null;
    if (words !== null) throw new MvirtError({ code: 'NETWORK_ERROR', message: words });
  };
  const tell = (name: string, what: 'leases' | 'server'): void => {
    for (const watcher of watchers.get(name) ?? []) watcher(what);
  };
  const step = (why: string, ...argv: string[]): NetworkStep => ({ argv, input: null, why });
  const missing = (network: ManagedNetwork): NetworkStep[] => {
    const bridge = networkBridge(network.name);
    const entry = entries.get(network.name);
    const stale = entry === undefined || entry.serverPid === null || JSON.stringify(entry.network.hosts) !== JSON.stringify(network.hosts);
    return [
      ...(entry?.whole ? [] : [step(`making the bridge ${bridge}`, 'ip', 'link', 'add', bridge)]),
      ...(stale ? [step(`starting the server of the network ${network.name}`, 'dnsmasq')] : []),
    ];
  };
  const removal = ({ name }: ManagedNetwork): NetworkStep[] =>
    entries.has(name) ? [step(`removing the bridge ${networkBridge(name)}`, 'ip', 'link', 'del', networkBridge(name))] : [];

  const fake: FakeManagedNetworks = {
    seen: [],
    taken: [{ subnet: '192.0.2.0/24', owner: 'of eth0' }],
    surroundings: async () => ({ taken: fake.taken, ipv6: true, seed: 'fake' }),
    plan: async (network) => missing(network),
    async ensure(network, { signal }) {
      await turn();
      signal?.throwIfAborted();
      fail('ensure');
      const steps = missing(network);
      const before = entries.get(network.name)?.serverPid ?? null;
      const serverPid = before === null || steps.some(({ argv }) => argv[0] === 'dnsmasq') ? nextPid++ : before;
      entries.set(network.name, { network, whole: true, serverPid });
      return steps;
    },
    planRemoval: async (network) => removal(network),
    async remove(network) {
      await turn();
      fail('remove');
      const steps = removal(network);
      entries.delete(network.name);
      leases.delete(network.name);
      return steps;
    },
    left: () => [...entries.keys()],
    server: (name) => entries.get(name)?.serverPid ?? null,
    logFile: () => null,
    leases: (name) => leases.get(name) ?? [],
    watch(name, listener) {
      const known = watchers.get(name) ?? new Set();
      watchers.set(name, known);
      known.add(listener);
      return { [Symbol.dispose]: () => void known.delete(listener) };
    },
    neighbours: async () => fake.seen,
    made: () => [...entries.values()].filter(({ whole }) => whole).map(({ network }) => network),
    lose(name) {
      const entry = entries.get(name);
      if (entry) entry.whole = false;
    },
    endServer(name) {
      const entry = entries.get(name);
      if (entry) entry.serverPid = null;
      tell(name, 'server');
    },
    lease(name, lease) {
      leases.set(name, [...(leases.get(name) ?? []).filter(({ address }) => address !== lease.address), lease]);
      tell(name, 'leases');
    },
    failNextEnsure(words) {
      failures.ensure = words;
    },
    failNextRemove(words) {
      failures.remove = words;
    },
  };
  return fake;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
