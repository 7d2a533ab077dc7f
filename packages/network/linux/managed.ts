import { existsSync, readdirSync } from 'node:fs';
import { MvirtError, networkBridge } from '@mvirt/domain';
import type { Host, Programs } from '@mvirt/host';
import { serverFiles } from '../dnsmasq-text.ts';
import { parseLeases } from '../lease.ts';
import { type ManagedNetwork, networkNames } from '../managed.ts';
import { type ManagedSurroundings, type PresentNetwork, planNetwork, planNetworkRemoval } from '../managed-plan.ts';
import type { ManagedNetworks, NetworkStep } from '../managed-port.ts';
import { derivedMac } from '../names.ts';
import { natTable } from '../nat-text.ts';
import type { Step } from '../plan.ts';
import { applySteps } from './apply.ts';
import type { Lock } from './lock.ts';
import { hostSeed } from './machine.ts';
import { createNetworkReader, distinct } from './read-network.ts';
import { createServerRecord, ownText, readText } from './server.ts';
import { watchServer } from './watch.ts';
import { writable } from './writable.ts';

export type LinuxManagedDeps = {
  programs: Programs;
  host: Pick<Host, 'processes' | 'files' | 'system'>;
  /** Absolute; a folder for each network. */
  stateDir: string;
  lock: Lock;
};

/** Programs, by the Debian packages that bring them. */
const needed = { ip: 'iproute2', nft: 'nftables', dnsmasq: 'dnsmasq-base', setpriv: 'util-linux' };

/** Networks through `ip`, `nft` and `dnsmasq`, in the network namespace that the programs run in. */
export function createLinuxManagedNetworks({ programs, host, stateDir, lock }: LinuxManagedDeps): ManagedNetworks {
  const { processes } = host;
  const filesOf = (name: string) => serverFiles(stateDir, name);
  const recordOf = (name: string) => createServerRecord(filesOf(name), processes);
  /** nft's own words for a table, right after it was made from ours: what it prints depends on its version. */
  const seen = new Map<string, { wanted: string; listed: string }>();

  const surroundings = (name: string): ManagedSurroundings => ({
    bridgeMac: derivedMac(`${hostSeed()}/${networkBridge(name)}`, 0),
    serverUser: serverUser(),
    files: filesOf(name),
    fewRights: ['setpriv', '--no-new-privs', `--bounding-set=-all,${serverRights.join(',')}`, '--inh-caps=-all', '--'],
    sysctl: writable('/proc/sys/net/ipv4/ip_forward'),
  });

  const look = async (network: ManagedNetwork, signal: AbortSignal | undefined): Promise<PresentNetwork> => {
    const { bridge, table } = networkNames(network);
    const reader = createNetworkReader(programs, signal);
    const [shown, forwarding, nat, guarded] = await Promise.all([reader.links(bridge), reader.forwarding(), reader.nat(table), reader.guarded()]);
    const known = seen.get(network.name);
    return {
      ...shown,
      forwarding,
      nat,
      guarded,
      natSeen: known?.wanted === natTable(network) ? known.listed : null,
      advertised: forwarding.ipv6 === false ? await reader.advertised() : [],
      server: recordOf(network.name).find(),
      folder: existsSync(filesOf(network.name).folder),
    };
  };

  const refuse = (what = 'no network can be made'): void => {
    for (const [name, debianPackage] of Object.entries(needed)) {
      if (programs.find(name) !== null) continue;
      const message = `${what}: ${name} is not installed (Debian package ${debianPackage})`;
      throw new MvirtError({ code: 'PROGRAM_MISSING', message, hint: `apt-get install --no-install-recommends ${debianPackage}` });
    }
    if (!host.system.rights().netAdmin) {
      const hint = 'run the agent as root, or use a bridge that is there: --network bridge:NAME';
      throw new MvirtError({ code: 'UNSUPPORTED', message: `${what}: the agent lacks CAP_NET_ADMIN`, hint });
    }
  };

  const planned = async (network: ManagedNetwork, signal: AbortSignal | undefined): Promise<Step[]> => {
    refuse();
    return planNetwork(network, await look(network, signal), surroundings(network.name));
  };

  const plannedRemoval = async (network: ManagedNetwork, signal: AbortSignal | undefined): Promise<Step[]> => {
    refuse(`network ${network.name} cannot be removed`);
    return planNetworkRemoval(network, await look(network, signal), surroundings(network.name));
  };

  const remember = async (network: ManagedNetwork): Promise<void> => {
    const listed = await createNetworkReader(programs).nat(networkNames(network).table);
    if (listed !== null) seen.set(network.name, { wanted: natTable(network), listed });
  };

  return {
    async surroundings(ours, { signal }) {
      const reader = createNetworkReader(programs, signal);
      const [subnets, forwarding] = await Promise.all([reader.subnets(), reader.forwarding()]);
      const bridges = ours.map(networkBridge);
      const taken = distinct(subnets.filter(({ link }) => !bridges.includes(link))).map(({ subnet, link }) => ({
        subnet,
        owner: link === '' ? "of the host's routes" : `of ${link}`,
      }));
      return { taken, ipv6: forwarding.ipv6 !== null, seed: hostSeed() };
    },
    plan: async (network, { signal }) => (await planned(network, signal)).map(toStep),
    ensure: (network, { signal }) =>
      lock.run(async () => {
        const steps = await planned(network, signal);
        if (steps.length === 0) return [];
        await applySteps(steps, programs, { processes, ...(signal && { signal }) });
        if (recordOf(network.name).record() === null && steps.some(({ do: argv }) => argv.includes('dnsmasq'))) throw ended(network, filesOf(network.name).log);
        await remember(network);
        return steps.map(toStep);
      }),
    planRemoval: async (network, { signal }) => (await plannedRemoval(network, signal)).map(toStep),
    remove: (network, { signal }) =>
      lock.run(async () => {
        const steps = await plannedRemoval(network, signal);
        await applySteps(steps, programs, { processes, ...(signal && { signal }) });
        seen.delete(network.name);
        return steps.map(toStep);
      }),
    left: () => (existsSync(stateDir) ? readdirSync(stateDir) : []),
    server: (name) => recordOf(name).find()?.process.pid ?? null,
    leases: (name) => parseLeases(ownText(filesOf(name).leases) ?? ''),
    logFile: (name) => filesOf(name).log,
    watch: (name, listener) => watchServer({ host, files: filesOf(name), find: () => recordOf(name).find() }, listener),
    neighbours: ({ signal }) => createNetworkReader(programs, signal).neighbours(),
  };
}

const toStep = ({ do: argv, input, why }: Step): NetworkStep => ({ argv, input: input ?? null, why });

function ended(network: ManagedNetwork, log: string): MvirtError {
  return new MvirtError({ code: 'NETWORK_ERROR', message: `the server of the network ${network.name} ended at once`, hint: `its log is ${log}` });
}

/** What dnsmasq needs until it has become its own user, and what it keeps then. */
const serverRights = ['+setuid', '+setgid', '+setpcap', '+chown', '+dac_override', '+net_admin', '+net_raw', '+net_bind_service'];

/** In a user namespace that maps root alone nobody else can be become. */
function serverUser(): string {
  const map = readText('/proc/self/uid_map') ?? '';
  const [inside, , count] = map.trim().split(/\s+/).map(Number);
  if (inside !== 0 || (count ?? 0) < 65_535) return 'root';
  return /^dnsmasq:/m.test(readText('/etc/passwd') ?? '') ? 'dnsmasq' : 'nobody';
}
