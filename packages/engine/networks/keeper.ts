import { bridgeOf, type Clock, MvirtError, type NicNetwork, networkBridge, toMvirtError } from '@mvirt/domain';
import type { ManagedNetworks, NicPlace } from '@mvirt/network';
import type { Store, StoredNetwork } from '@mvirt/store';
import type { EngineLog } from '../log.ts';
import type { KeptNic } from './nic-addresses.ts';
import { wantedNetwork } from './wanted-network.ts';

export type KeeperDeps = { store: Store; managed: ManagedNetworks; clock: Clock; log: EngineLog };

/** Keeps networks on the host as the store has them: after a reboot, after somebody's `ip link del`, after an end of a server. */
export interface NetworkKeeper {
  /** Where a NIC's TAP goes; its network is there when this answers. null: on the agent's own bridge. @throws NETWORK_NOT_FOUND, NETWORK_ERROR */
  place(network: NicNetwork | null, options: { signal?: AbortSignal }): Promise<NicPlace | null>;
  /** A NIC that is being plugged in: what is kept for it is nobody else's, and its network knows it. Until disposed. */
  hold(nic: KeptNic): Disposable;
  held(network: string): KeptNic[];
  /** Mends all networks in the background, takes away what is left of those that are gone, and goes on doing so. */
  start(): void;
  /** A network was made: from now on it is kept. */
  keep(name: string): void;
  forget(name: string): void;
  /** What is wrong with a network on the host; null: nothing that is known. */
  fault(name: string): string | null;
  /** Calls back when a network's leases have changed, and from time to time. */
  listen(listener: (name: string) => void): Disposable;
  close(): Promise<void>;
}

/** How soon what nobody tells of (a bridge that was deleted, a table that was flushed) is mended. */
const lookMs = 10_000;
/** A server that ends again and again is not started more often than this. */
const restartMs = 1_000;

export function createNetworkKeeper({ store, managed, clock, log }: KeeperDeps): NetworkKeeper {
  const watches = new Map<string, Disposable>();
  const faults = new Map<string, string>();
  const listeners = new Set<(name: string) => void>();
  const mendedAtMs = new Map<string, number>();
  const busy = new Set<Promise<void>>();
  const timers = new Map<string, Disposable>();
  let closed = false;

  const holding = new Set<KeptNic>();
  const held = (network: string) => [...holding].filter(({ on }) => on.name === network);
  const wanted = (network: StoredNetwork) => wantedNetwork(network, store.vms.list(), held(network.name));
  const tell = (name: string): void => {
    for (const listener of listeners) listener(name);
  };

  const watch = (name: string): void => {
    if (closed) return;
    watches.get(name)?.[Symbol.dispose]();
    const heard = (what: 'leases' | 'server'): void => {
      if (what === 'leases') {
        tell(name);
        return;
      }
      log.warn(`the server of the network ${name} has ended`);
      const sinceMs = clock.nowMs() - (mendedAtMs.get(name) ?? Number.NEGATIVE_INFINITY);
      later(name, Math.max(0, restartMs - sinceMs));
    };
    watches.set(name, managed.watch(name, heard));
  };

  const ensure = async (network: StoredNetwork, signal?: AbortSignal): Promise<void> => {
    const { name } = network;
    try {
      const steps = await managed.ensure(wanted(network), signal === undefined ? {} : { signal });
      faults.delete(name);
      if (steps.length > 0 || !watches.has(name)) {
        mendedAtMs.set(name, clock.nowMs());
        if (steps.length > 0) log.info(`network ${name}: ${steps.map(({ why }) => why).join(', ')}`);
        watch(name);
      }
    } catch (thrown) {
      const { message, code } = toMvirtError(thrown);
      if (code !== 'CANCELLED') faults.set(name, message);
      throw thrown;
    }
  };

  /** In the background; a fault is said once. */
  const mend = async (name: string): Promise<void> => {
    const network = store.networks.get(name);
    if (network === null || closed) return;
    const before = faults.get(name);
    try {
      await ensure(network);
      tell(name);
    } catch (thrown) {
      const { message } = toMvirtError(thrown);
      if (message !== before) log.error(`network ${name} could not be mended`, { error: message });
    }
    later(name, lookMs);
  };

  const inBackground = (work: Promise<void>): void => {
    const guarded = work
      .catch((thrown: unknown) => log.error('a network could not be looked after', { error: String(thrown) }))
      .finally(() => busy.delete(guarded));
    busy.add(guarded);
  };

  function later(name: string, delayMs: number): void {
    timers.get(name)?.[Symbol.dispose]();
    timers.delete(name);
    if (closed || store.networks.get(name) === null) return;
    const timer = clock.after(delayMs, () => {
      timers.delete(name);
      inBackground(mend(name));
    });
    timers.set(name, timer);
  }

  /** Networks that were removed from the store by an agent that died before they were off the host. */
  const clearAway = async (): Promise<void> => {
    for (const name of managed.left().filter((left) => store.networks.get(left) === null)) {
      await managed.remove({ name, ipv4: null, ipv6: null, spoofGuard: false, hosts: [], ports: [] }, {});
      log.info(`what was left of the network ${name} was removed`);
    }
  };

  return {
    async place(on, { signal }) {
      if (on === null) return null;
      const bridge = bridgeOf(on.name);
      if (bridge !== null) return { bridge, guard: null };
      const network = store.networks.get(on.name);
      if (network === null) {
        const hint = `mvirt network create ${on.name} makes it, or detach the NIC`;
        throw new MvirtError({ code: 'NETWORK_NOT_FOUND', message: `network ${on.name} does not exist any more`, hint });
      }
      await ensure(network, signal);
      if (!timers.has(on.name)) later(on.name, lookMs);
      const addresses = { ipv4: on.ipv4, ipv6: on.ipv6 };
      return { bridge: networkBridge(on.name), guard: network.spoofGuard ? { subnet: network.ipv6, addresses } : null };
    },
    hold(nic) {
      holding.add(nic);
      return { [Symbol.dispose]: () => void holding.delete(nic) };
    },
    held,
    start() {
      inBackground(clearAway());
      for (const { name } of store.networks.list()) inBackground(mend(name));
    },
    keep(name) {
      watch(name);
      later(name, lookMs);
    },
    forget(name) {
      watches.get(name)?.[Symbol.dispose]();
      watches.delete(name);
      timers.get(name)?.[Symbol.dispose]();
      timers.delete(name);
      faults.delete(name);
    },
    fault: (name) => faults.get(name) ?? null,
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async close() {
      closed = true;
      for (const one of [...timers.values(), ...watches.values()]) one[Symbol.dispose]();
      timers.clear();
      watches.clear();
      await Promise.all(busy);
    },
  };
}
