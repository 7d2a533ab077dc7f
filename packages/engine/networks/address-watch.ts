import { bridgeOf, networkBridge, toMvirtError, type VmId } from '@mvirt/domain';
import { type Lease, type ManagedNetworks, type Neighbour, parseAddress } from '@mvirt/network';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from '../context.ts';
import { storeDevices } from '../device-change.ts';

export type AddressWatch = {
  /** Looks at once, and from then on: when leases change, and at what only the neighbour tables tell from time to time. */
  start(): void;
  close(): Promise<void>;
};

/** The neighbour tables tell of nothing by themselves. */
const neighbourMs = 5_000;

/** Notes which addresses the NICs of running VMs have. */
export function createAddressWatch(context: EngineContext, managed: ManagedNetworks): AddressWatch {
  const { store, clock, log, networks, feed, bridge } = context;
  let neighbours: readonly Neighbour[] = [];
  let timer: Disposable | null = null;
  let looking: Promise<void> | null = null;
  let closed = false;

  const note = (): void => {
    if (closed) return;
    const leases = new Map(store.networks.list().map(({ name }) => [name, managed.leases(name)] as const));
    for (const vm of store.vms.list()) {
      if (vm.run?.live) noteVm(vm, vm.run);
    }

    function noteVm(vm: StoredVm, run: StoredRun): void {
      const found = Object.fromEntries(
        vm.spec.nics.flatMap((nic) => {
          if (nic.mac === null || !run.nics.some(({ mac }) => mac === nic.mac)) return [];
          const on = nic.network?.name ?? null;
          const leased = on === null ? [] : (leases.get(on) ?? []).filter((lease) => isOf(lease, nic.mac ?? '', nic.network?.ipv6 ?? null, run));
          const seen = neighbours.filter((one) => one.mac === nic.mac && one.bridge === bridgeOfNic(on, bridge));
          return [[nic.mac, choose(leased, seen)] as const];
        }),
      );
      for (const [mac, addresses] of Object.entries(found)) {
        const before = run.addresses?.[mac] ?? [];
        if (before.join() !== addresses.join()) change(vm.id, mac, addresses);
      }
    }
  };

  const change = (id: VmId, mac: string, addresses: string[]): void => {
    const message = addresses.length === 0 ? `NIC ${mac} has no address any more` : `NIC ${mac} has ${addresses.join(', ')}`;
    try {
      storeDevices(context, id, {
        run: (run) => ({ ...run, addresses: { ...run.addresses, [mac]: addresses } }),
        event: { type: 'nic-addresses', message, detail: { mac, addresses } },
      });
    } catch (thrown) {
      log.warn('the addresses of a NIC could not be stored', { vm: id, error: toMvirtError(thrown).message });
    }
  };

  const look = async (): Promise<void> => {
    try {
      neighbours = await managed.neighbours({});
    } catch (thrown) {
      log.warn('the neighbour tables could not be read', { error: toMvirtError(thrown).message });
    }
    note();
    if (store.vms.list().some(hasNic)) arm();
  };

  /** While a VM with a NIC runs; otherwise nothing wakes up for it. */
  const arm = (delayMs = neighbourMs): void => {
    if (closed || timer !== null) return;
    timer = clock.after(delayMs, () => {
      timer = null;
      looking = look();
    });
  };

  const stack = new DisposableStack();
  stack.use(networks.listen(note));
  stack.use(
    feed.listen(null, ({ id }) => {
      const vm = timer === null ? store.vms.get(id) : null;
      if (vm !== null && hasNic(vm)) arm();
    }),
  );
  return {
    start() {
      if (store.vms.list().some(hasNic)) arm(0);
    },
    async close() {
      closed = true;
      stack.dispose();
      timer?.[Symbol.dispose]();
      await looking;
    },
  };
}

const hasNic = ({ run }: StoredVm): boolean => run?.live === true && run.nics.length > 0;

const bridgeOfNic = (network: string | null, own: string): string => (network === null ? own : (bridgeOf(network) ?? networkBridge(network)));

/** A lease that was there before the run began says nothing of its guest, until it is renewed. */
function isOf({ address, mac, expiresAtMs }: Lease, nicMac: string, keptIpv6: string | null, run: StoredRun): boolean {
  if (mac === null ? address !== keptIpv6 : mac !== nicMac) return false;
  return run.oldLeases?.[address] === undefined || run.oldLeases[address] !== (expiresAtMs ?? 0);
}

/** Of each family what the server has given, else what the host has seen; IPv4 first. */
function choose(leases: readonly Lease[], seen: readonly Neighbour[]): string[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const given = leases.map(({ address }) => address).filter((address) => parseAddress(address)?.family === family);
    const met = seen.map(({ address }) => address).filter((address) => parseAddress(address)?.family === family && !address.startsWith('fe80:'));
    return [...new Set(given.length > 0 ? given : met)].sort();
  });
}

/** What a run that begins now has to look beyond. */
export function oldLeases(managed: ManagedNetworks, vm: StoredVm): Record<string, number> {
  const networks = new Set(vm.spec.nics.flatMap(({ network }) => (network === null || bridgeOf(network.name) !== null ? [] : [network.name])));
  return Object.fromEntries([...networks].flatMap((name) => managed.leases(name).map(({ address, expiresAtMs }) => [address, expiresAtMs ?? 0] as const)));
}
