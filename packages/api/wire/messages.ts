import type { EnumValue } from './enums.ts';
import type { Int64 } from './int64.ts';

// Every message of proto/mvirt.proto, as the door and the client read and write it, under the contract's own names.
// A key that may be missing is `optional` there: missing is "not given". All others are always there, with proto3's
// zero where the peer sent none; a message that is not `optional` is null then.

export type Vm = {
  id: string;
  name?: string;
  state: EnumValue;
  config: VmConfig | null;
  created_at: Int64;
  started_at?: Int64;
};

export type VmConfig = {
  vcpus: number;
  memory_mb: Int64;
  kernel?: string;
  initramfs?: string;
  cmdline?: string;
  disks: DiskConfig[];
  nics: NicConfig[];
  user_data?: string;
  boot_mode: EnumValue;
  nested_virt: boolean;
};

export type DiskConfig = { path: string; readonly: boolean };

export type NicConfig = { tap?: string; mac?: string; vhost_socket?: string };

export type CreateVmRequest = { name?: string; config: VmConfig | null; id?: string };

/** What names a VM and nothing else: GetVm, DeleteVm, StartVm, KillVm. */
export type VmRequest = { id: string };

export type StopVmRequest = { id: string; timeout_seconds: number };

export type ListVmsResponse = { vms: Vm[] };

/** A message without fields. */
export type Empty = Record<never, never>;

export type AttachDiskRequest = { vm_id: string; disk: DiskConfig | null };
export type DetachDiskRequest = { vm_id: string; path: string };
export type AttachNicRequest = { vm_id: string; nic: NicConfig | null };
export type DetachNicRequest = { vm_id: string; mac: string };

export type ConsoleInput = { vm_id: string; data: Uint8Array };
export type ConsoleOutput = { data: Uint8Array };

export type WatchVmsRequest = { vm_id?: string };

export type VmEvent = { vm_id: string; type: EnumValue; timestamp: Int64; vm?: Vm };

export type VersionInfo = { version: string };

export type SystemInfo = {
  total_cpus: number;
  total_memory_mb: Int64;
  allocated_cpus: number;
  allocated_memory_mb: Int64;
  load_1: number;
  load_5: number;
  load_15: number;
  host: HostInfo | null;
  cpu: CpuInfo | null;
  memory: MemoryInfo | null;
  numa_nodes: NumaNode[];
  disks: DiskInfo[];
  nics: NicInfo[];
};

export type HostInfo = { hostname: string; kernel_version: string; uptime_seconds: Int64 };

export type CpuInfo = {
  model: string;
  vendor: string;
  physical_cores: number;
  logical_cores: number;
  sockets: number;
  cores: CpuCore[];
  flags: string[];
};

export type CpuCore = { id: number; frequency_mhz: Int64; usage_percent: number; numa_node: number };

export type MemoryInfo = {
  total_bytes: Int64;
  available_bytes: Int64;
  cached_bytes: Int64;
  swap_total_bytes: Int64;
  swap_used_bytes: Int64;
  hugepages_total: Int64;
  hugepages_free: Int64;
  hugepage_size_kb: Int64;
};

export type NumaNode = { id: number; total_memory_bytes: Int64; free_memory_bytes: Int64; cpu_ids: number[] };

export type DiskInfo = {
  device: string;
  model: string;
  serial: string;
  size_bytes: Int64;
  smart_available: boolean;
  smart_healthy: boolean;
  temperature_celsius?: number;
  power_on_hours?: Int64;
};

export type NicInfo = {
  name: string;
  mac: string;
  is_up: boolean;
  speed_mbps?: number;
  duplex: string;
  ipv4: string[];
  ipv6: string[];
  driver: string;
  rx_bytes: Int64;
  tx_bytes: Int64;
};
