import { type HypervisorKind, toBridge } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { macOf } from './nic-macs.ts';
import type { VmSnapshot } from './services.ts';

/** What a door is told of a stored VM. */
export function snapshotOf({ drivers, bridge }: Pick<EngineContext, 'drivers' | 'bridge'>, vm: StoredVm): VmSnapshot {
  const run = vm.run?.live ? vm.run : null;
  const hypervisor = run?.hypervisor ?? hypervisorOf(drivers, vm);
  return {
    id: vm.id,
    name: vm.name,
    spec: vm.spec,
    pendingSpec: vm.pendingSpec,
    condition: vm.condition,
    hypervisor,
    capabilities: drivers.capabilities(hypervisor),
    pid: run?.process?.pid ?? run?.foreign?.pid ?? null,
    nics: vm.spec.nics.map((nic, index) => {
      const mac = macOf(vm.id, nic, index);
      const tap = run?.nics.find((plugged) => plugged.mac === mac)?.tap ?? nic.tap;
      const network = nic.tap === null && nic.vhostSocket === null ? (nic.network?.name ?? toBridge(bridge)) : null;
      const kept = [nic.network?.ipv4 ?? null, nic.network?.ipv6 ?? null].filter((address) => address !== null);
      return { mac, tap, network, kept, addresses: run?.addresses?.[mac] ?? [] };
    }),
    createdAtMs: vm.createdAtMs,
    startedAtMs: vm.startedAtMs,
    endedAtMs: vm.endedAtMs,
    revision: vm.revision,
  };
}

function hypervisorOf(drivers: EngineContext['drivers'], vm: StoredVm): HypervisorKind | null {
  const { hypervisor } = vm.spec;
  return hypervisor === 'auto' ? drivers.known('auto') : hypervisor;
}
