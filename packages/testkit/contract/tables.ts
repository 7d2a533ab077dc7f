/** Of the contract's messages and methods; v2 came later, and serves both. */
export const generations = ['v1', 'v2'] as const;
export type Generation = (typeof generations)[number];

// The wire contract, written down apart from proto/mvirt.proto, which tests compare with it. What a row or a field
// begins with counts: "+" is of v2 alone, "v1:" of the first release alone.

export const enums = `
VmState: VM_STATE_UNSPECIFIED 0, VM_STATE_STOPPED 1, VM_STATE_STARTING 2, VM_STATE_RUNNING 3, VM_STATE_STOPPING 4
VmEventType: VM_EVENT_UNSPECIFIED 0, VM_EVENT_CREATED 1, VM_EVENT_STARTED 2, VM_EVENT_STOPPED 3, VM_EVENT_DELETED 4
+BootMode: BOOT_MODE_UNSPECIFIED 0, BOOT_MODE_DISK 1, BOOT_MODE_KERNEL 2
`;

export const messages = `
Vm: id 1 string, name 2 optional string, state 3 VmState, config 4 VmConfig, created_at 5 int64, started_at 6 optional int64
VmConfig: vcpus 1 uint32, memory_mb 2 uint64, v1:kernel 3 string, +kernel 3 optional string, initramfs 4 optional string, cmdline 5 optional string, disks 6 repeated DiskConfig, nics 7 repeated NicConfig, user_data 8 optional string, +boot_mode 9 BootMode, +nested_virt 10 bool
DiskConfig: path 1 string, readonly 2 bool
NicConfig: tap 1 optional string, mac 2 optional string, +vhost_socket 3 optional string
CreateVmRequest: name 1 optional string, config 2 VmConfig, +id 3 optional string
GetVmRequest: id 1 string
DeleteVmRequest: id 1 string
StartVmRequest: id 1 string
KillVmRequest: id 1 string
StopVmRequest: id 1 string, timeout_seconds 2 uint32
ListVmsRequest:
ListVmsResponse: vms 1 repeated Vm
DeleteVmResponse:
AttachDiskRequest: vm_id 1 string, disk 2 DiskConfig
DetachDiskRequest: vm_id 1 string, path 2 string
AttachNicRequest: vm_id 1 string, nic 2 NicConfig
DetachNicRequest: vm_id 1 string, mac 2 string
ConsoleInput: vm_id 1 string, data 2 bytes
ConsoleOutput: data 1 bytes
WatchVmsRequest: vm_id 1 optional string
VmEvent: vm_id 1 string, type 2 VmEventType, timestamp 3 int64, vm 4 optional Vm
+GetVersionRequest:
+VersionInfo: version 1 string
+GetSystemInfoRequest:
+SystemInfo: total_cpus 1 uint32, total_memory_mb 2 uint64, allocated_cpus 3 uint32, allocated_memory_mb 4 uint64, load_1 5 float, load_5 6 float, load_15 7 float, host 10 HostInfo, cpu 11 CpuInfo, memory 12 MemoryInfo, numa_nodes 13 repeated NumaNode, disks 14 repeated DiskInfo, nics 15 repeated NicInfo
+HostInfo: hostname 1 string, kernel_version 2 string, uptime_seconds 3 uint64
+CpuInfo: model 1 string, vendor 2 string, physical_cores 3 uint32, logical_cores 4 uint32, sockets 5 uint32, cores 6 repeated CpuCore, flags 7 repeated string
+CpuCore: id 1 uint32, frequency_mhz 2 uint64, usage_percent 3 float, numa_node 4 uint32
+MemoryInfo: total_bytes 1 uint64, available_bytes 2 uint64, cached_bytes 3 uint64, swap_total_bytes 4 uint64, swap_used_bytes 5 uint64, hugepages_total 6 uint64, hugepages_free 7 uint64, hugepage_size_kb 8 uint64
+NumaNode: id 1 uint32, total_memory_bytes 2 uint64, free_memory_bytes 3 uint64, cpu_ids 4 repeated uint32
+DiskInfo: device 1 string, model 2 string, serial 3 string, size_bytes 4 uint64, smart_available 5 bool, smart_healthy 6 bool, temperature_celsius 7 optional int32, power_on_hours 8 optional uint64
+NicInfo: name 1 string, mac 2 string, is_up 3 bool, speed_mbps 4 optional uint32, duplex 5 string, ipv4 6 repeated string, ipv6 7 repeated string, driver 8 string, rx_bytes 9 uint64, tx_bytes 10 uint64
`;

export const methods = `
CreateVm: CreateVmRequest → Vm
GetVm: GetVmRequest → Vm
ListVms: ListVmsRequest → ListVmsResponse
DeleteVm: DeleteVmRequest → DeleteVmResponse
StartVm: StartVmRequest → Vm
StopVm: StopVmRequest → Vm
KillVm: KillVmRequest → Vm
AttachDisk: AttachDiskRequest → Vm
DetachDisk: DetachDiskRequest → Vm
AttachNic: AttachNicRequest → Vm
DetachNic: DetachNicRequest → Vm
Console: stream ConsoleInput → stream ConsoleOutput
WatchVms: WatchVmsRequest → stream VmEvent
+GetVersion: GetVersionRequest → VersionInfo
+GetSystemInfo: GetSystemInfoRequest → SystemInfo
`;

/** A table's rows in one generation: the name, and what follows it. */
export function rowsOf(table: string, generation: Generation): [name: string, fields: string[]][] {
  return ofGeneration(table.trim().split('\n'), generation).map((row) => {
    const end = row.indexOf(':');
    const fields = row.slice(end + 1).trim();
    return [row.slice(0, end), ofGeneration(fields.split(', ').filter(Boolean), generation)];
  });
}

function ofGeneration(rows: string[], generation: Generation): string[] {
  const marks = { v1: /^v1:/, v2: /^\+/ };
  const other = marks[generation === 'v1' ? 'v2' : 'v1'];
  return rows.filter((row) => !other.test(row)).map((row) => row.replace(marks[generation], ''));
}
