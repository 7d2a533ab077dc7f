import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Programs } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import type { ManagedNetworks, Network } from '@mvirt/network';
import { createLinuxNetworks } from '@mvirt/network/linux';
import { watchLeaks } from '../leak-check.ts';
import { type NetNamespace, netNamespace } from '../net-namespace.ts';
import { tempDir } from '../temp-dir.ts';
import type { ManagedBench } from './managed-contract.ts';

/** The real thing in a network namespace of its own, and others to plug into it. */
export type LinuxManagedBench = ManagedBench & {
  network: Network;
  managed: ManagedNetworks;
  stateDir: string;
  ns: NetNamespace;
  /** A command line's output, in the namespace or in another; words are split at blanks. */
  run(words: string | string[], at?: NetNamespace): Promise<string>;
  /** The same networks as another agent would see them. */
  reborn(change?: (programs: Programs) => Programs): { network: Network; managed: ManagedNetworks };
  /** A namespace whose eth0 is the other end of `port`. */
  neighbour(port: string): Promise<NetNamespace>;
  /** A way out: another namespace with these addresses beyond eth0's own. */
  outside(addresses: string[]): Promise<NetNamespace>;
};

/** Of a user that no package makes: ip shows a name where there is one. */
export const vmmUid = 47_111;

/** What is missing here for networks, for a skip; null: nothing. */
export function lackingForNetworks(): string | null {
  const { system, programs } = createLinuxHost();
  const lacking = [
    ...(system.rights().netAdmin ? [] : ['CAP_NET_ADMIN (run as root)']),
    ...['nft', 'dnsmasq', 'ping'].filter((program) => programs.find(program) === null),
  ];
  return lacking.length === 0 ? null : `no network can be made here: missing ${lacking.join(', ')}`;
}

const exec = promisify(execFile);

export async function openLinuxManaged(): Promise<LinuxManagedBench> {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir('net'));
  stack.use(watchLeaks({ dir: dir.path, mayStay: () => true }));
  const ns = stack.use(await netNamespace());
  const host = createLinuxHost();
  const stateDir = dir.join('network');
  const run: LinuxManagedBench['run'] = async (words, at = ns) => {
    const [program = '', ...args] = [...at.enter, ...(typeof words === 'string' ? words.split(' ') : words)];
    return (await exec(program, args, { encoding: 'utf8' })).stdout;
  };
  const reborn: LinuxManagedBench['reborn'] = (change = (inner) => inner) => {
    const programs = change(ns.programs(host.programs));
    return createLinuxNetworks({ programs, host, system: host.system, bridge: 'br0', vmmUid, stateDir });
  };
  const { network, managed } = reborn();
  // A test that fails leaves its servers to nobody.
  stack.defer(async () => {
    for (const name of managed.left()) await managed.remove({ name, ipv4: null, ipv6: null, spoofGuard: false, hosts: [], ports: [] }, {});
  });
  await run('ip link set lo up');
  const veth = async (port: string): Promise<NetNamespace> => {
    const other = stack.use(await netNamespace());
    await run(`ip link add ${port} type veth peer name eth0 netns ${other.pid}`);
    await run('ip link set lo up', other);
    await run('ip link set eth0 up', other);
    await run(`ip link set ${port} up`);
    return other;
  };
  return {
    ns,
    network,
    managed,
    stateDir,
    run,
    reborn,
    neighbour: veth,
    async outside(addresses) {
      const other = await veth('uplink');
      await run('ip address add 198.18.0.1/30 dev uplink');
      await run('ip address add fd99::1/64 dev uplink nodad');
      await run('ip route add default via 198.18.0.2');
      await run('ip -6 route add default via fd99::2');
      await run('ip address add 198.18.0.2/30 dev eth0', other);
      await run('ip address add fd99::2/64 dev eth0 nodad', other);
      for (const address of addresses) await run(`ip address add ${address} dev lo`, other);
      return other;
    },
    lose: async (name) => void (await run(`ip link del dev mv-${name}`)),
    async endServer(name) {
      const pid = managed.server(name);
      if (pid !== null) process.kill(pid, 'SIGKILL');
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
