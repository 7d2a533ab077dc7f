import type { SystemInventory } from '@mvirt/engine';
import { type CpuInfo, type DiskInfo, int64, type MemoryInfo, type NicInfo, type NumaNode, type SystemInfo } from '../wire/index.ts';

/** The host as the contract says it. */
export function toSystemInfo(system: SystemInventory): SystemInfo {
  const { hostname, kernelVersion, uptimeSeconds } = system.host;
  return {
    total_cpus: system.totalCpus,
    total_memory_mb: int64(system.totalMemoryMib),
    allocated_cpus: system.allocatedCpus,
    allocated_memory_mb: int64(system.allocatedMemoryMib),
    load_1: system.load1,
    load_5: system.load5,
    load_15: system.load15,
    host: { hostname, kernel_version: kernelVersion, uptime_seconds: int64(uptimeSeconds) },
    cpu: toCpu(system.cpu),
    memory: toMemory(system.memory),
    numa_nodes: system.numaNodes.map(toNumaNode),
    disks: system.disks.map(toDisk),
    nics: system.nics.map(toNic),
  };
}

const toCpu = ({ model, vendor, physicalCores, logicalCores, sockets, cores, flags }: SystemInventory['cpu']): CpuInfo => ({
  model,
  vendor,
  physical_cores: physicalCores,
  logical_cores: logicalCores,
  sockets,
  cores: cores.map(({ id, frequencyMhz, usagePercent, numaNode }) => ({
    id,
    frequency_mhz: int64(frequencyMhz),
    usage_percent: usagePercent,
    numa_node: numaNode,
  })),
  flags,
});

const toMemory = (memory: SystemInventory['memory']): MemoryInfo => ({
  total_bytes: int64(memory.totalBytes),
  available_bytes: int64(memory.availableBytes),
  cached_bytes: int64(memory.cachedBytes),
  swap_total_bytes: int64(memory.swapTotalBytes),
  swap_used_bytes: int64(memory.swapUsedBytes),
  hugepages_total: int64(memory.hugepagesTotal),
  hugepages_free: int64(memory.hugepagesFree),
  hugepage_size_kb: int64(memory.hugepageSizeKib),
});

const toNumaNode = ({ id, totalMemoryBytes, freeMemoryBytes, cpuIds }: SystemInventory['numaNodes'][number]): NumaNode => ({
  id,
  total_memory_bytes: int64(totalMemoryBytes),
  free_memory_bytes: int64(freeMemoryBytes),
  cpu_ids: cpuIds,
});

const toDisk = (disk: SystemInventory['disks'][number]): DiskInfo => ({
  device: disk.device,
  model: disk.model,
  serial: disk.serial,
  size_bytes: int64(disk.sizeBytes),
  smart_available: disk.smartAvailable,
  smart_healthy: disk.smartHealthy,
  ...(disk.temperatureCelsius === null ? {} : { temperature_celsius: disk.temperatureCelsius }),
  ...(disk.powerOnHours === null ? {} : { power_on_hours: int64(disk.powerOnHours) }),
});

const toNic = (nic: SystemInventory['nics'][number]): NicInfo => ({
  name: nic.name,
  mac: nic.mac,
  is_up: nic.isUp,
  ...(nic.speedMbps === null ? {} : { speed_mbps: nic.speedMbps }),
  duplex: nic.duplex,
  ipv4: nic.ipv4,
  ipv6: nic.ipv6,
  driver: nic.driver,
  rx_bytes: int64(nic.rxBytes),
  tx_bytes: int64(nic.txBytes),
});
