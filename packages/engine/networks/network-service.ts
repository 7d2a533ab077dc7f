import { createNetworkSchema, defaultNetwork, invalid, MvirtError, vmLabel } from '@mvirt/domain';
import { checkSubnet, chooseSubnet, type Family, formatPrefix, type ManagedNetworks, networkNames, type Prefix, parsePrefix } from '@mvirt/network';
import type { StoredNetwork } from '@mvirt/store';
import type { EngineContext } from '../context.ts';
import { createGate } from '../gate.ts';
import type { NetworkService, NetworkSnapshot } from '../services.ts';
import { keptOn } from './nic-addresses.ts';
import { wantedNetwork } from './wanted-network.ts';

export type NetworkServiceDeps = Pick<EngineContext, 'store' | 'clock' | 'networks'> & { managed: ManagedNetworks };

/** use: makes the row of `default` where one of these names means it and there is none yet. */
export type OwnNetworkService = NetworkService & { use(names: readonly string[]): Promise<void> };

type Asked = { name: string; ipv4: string | null | undefined; ipv6: string | null | undefined; spoofGuard: boolean };

export function createNetworkService({ store, clock, networks, managed }: NetworkServiceDeps): OwnNetworkService {
  const turns = createGate(1);
  const stored = (name: string): StoredNetwork => {
    const network = store.networks.get(name);
    if (network === null) throw new MvirtError({ code: 'NETWORK_NOT_FOUND', message: `network ${name} not found` });
    return network;
  };

  const snapshot = (network: StoredNetwork): NetworkSnapshot => {
    const { bridge, domain, ipv4, ipv6 } = networkNames(network);
    const nics = keptOn(network.name, store.vms.list()).map(({ vm, nic, on }) => ({
      vmId: vm.id,
      vmName: vm.name,
      mac: nic.mac ?? '',
      kept: [on.ipv4, on.ipv6].filter((address) => address !== null),
      addresses: (vm.run?.live && nic.mac !== null ? vm.run.addresses?.[nic.mac] : undefined) ?? [],
    }));
    const gateways = [ipv4?.address, ipv6?.address].filter((address) => address !== undefined);
    return { ...network, bridge, domain, gateways, nics, serverPid: managed.server(network.name), fault: networks.fault(network.name) };
  };

  /** The subnets that were asked for, or ones that collide with nothing. */
  const choose = async ({ name, ipv4, ipv6, spoofGuard }: Asked, signal: AbortSignal | undefined): Promise<StoredNetwork> => {
    const others = store.networks.list();
    const host = await managed.surroundings(
      others.map((other) => other.name),
      signal === undefined ? {} : { signal },
    );
    const taken = [
      ...others.flatMap((other) => [other.ipv4, other.ipv6].flatMap((subnet) => owned(subnet, `of network ${other.name}`))),
      ...host.taken.flatMap(({ subnet, owner }) => owned(subnet, owner)),
    ];
    const one = (family: Family, asked: string | null | undefined): string | null => {
      if (asked === null) return null;
      if (asked !== undefined) return formatPrefix(checkSubnet(family, asked, taken));
      return formatPrefix(
        chooseSubnet(
          family,
          `${host.seed}/${name}`,
          taken.map(({ prefix }) => prefix),
        ),
      );
    };
    if (typeof ipv6 === 'string' && !host.ipv6) {
      throw new MvirtError({ code: 'UNSUPPORTED', message: "ipv6: this host's kernel runs without IPv6", hint: 'leave --ipv6 out' });
    }
    const network = { name, ipv4: one('ipv4', ipv4), ipv6: host.ipv6 ? one('ipv6', ipv6) : null, spoofGuard, createdAtMs: clock.nowMs() };
    if (network.ipv4 === null && network.ipv6 === null) {
      throw new MvirtError({ code: 'INVALID_ARGUMENT', message: 'a network needs IPv4 or IPv6', hint: 'leave out one of --ipv4 none and --ipv6 none' });
    }
    return network;
  };

  /** Subnets are chosen and kept one network after another: of two that overlap the second sees the first. */
  const inTurn = async <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    using _turn = await turns.enter(signal ?? new AbortController().signal);
    return await work();
  };

  return {
    list: () => store.networks.list().map(snapshot),
    get: (name) => snapshot(stored(name)),
    async create(input, { dryRun, signal }) {
      const parsed = createNetworkSchema.safeParse(input);
      if (!parsed.success) throw invalid(parsed.error);
      const { name, ipv4, ipv6, spoofGuard } = parsed.data;
      // Known before it is made: an agent that dies meanwhile leaves a network that the next one completes.
      await using undo = new AsyncDisposableStack();
      const network = await inTurn(signal, async () => {
        refuseTaken(name, store.networks.get(name));
        const chosen = await choose({ name, ipv4, ipv6, spoofGuard }, signal);
        if (!dryRun) store.networks.insert(chosen);
        return chosen;
      });
      const wanted = wantedNetwork(network, store.vms.list());
      const options = signal === undefined ? {} : { signal };
      if (dryRun) return { network: snapshot(network), steps: await managed.plan(wanted, options) };
      undo.defer(() => store.networks.remove(name));
      const steps = await managed.ensure(wanted, options);
      undo.move();
      networks.keep(name);
      return { network: snapshot(network), steps };
    },
    async remove(name, { dryRun, signal }) {
      const network = stored(name);
      const wanted = wantedNetwork(network, store.vms.list());
      const options = signal === undefined ? {} : { signal };
      refuseUsed(
        network,
        keptOn(name, store.vms.list()).map(({ vm }) => vmLabel(vm)),
      );
      const before = snapshot(network);
      if (dryRun) return { network: before, steps: await managed.planRemoval(wanted, options) };
      // From here on no VM can be put on it.
      store.networks.remove(name);
      networks.forget(name);
      try {
        return { network: before, steps: await managed.remove(wanted, options) };
      } catch (thrown) {
        store.networks.insert(network);
        networks.keep(name);
        throw thrown;
      }
    },
    async use(names) {
      if (!names.includes(defaultNetwork) || store.networks.get(defaultNetwork) !== null) return;
      await inTurn(undefined, async () => {
        // Another VM may have been faster.
        if (store.networks.get(defaultNetwork) !== null) return;
        store.networks.insert(await choose({ name: defaultNetwork, ipv4: undefined, ipv6: undefined, spoofGuard: true }, undefined));
      });
    },
  };
}

function owned(subnet: string | null, owner: string): { prefix: Prefix; owner: string }[] {
  const prefix = subnet === null ? null : parsePrefix(subnet);
  return prefix === null ? [] : [{ prefix, owner }];
}

function refuseTaken(name: string, there: StoredNetwork | null): void {
  if (there === null) return;
  throw new MvirtError({ code: 'NAME_TAKEN', message: `name: a network with the name ${name} exists already`, hint: `mvirt network show ${name} shows it` });
}

function refuseUsed({ name }: StoredNetwork, users: readonly string[]): void {
  const vms = [...new Set(users)];
  if (vms.length === 0) return;
  throw new MvirtError({ code: 'NETWORK_IN_USE', message: `network ${name} is used by ${vms.length === 1 ? 'VM' : 'the VMs'} ${vms.join(', ')}` });
}
