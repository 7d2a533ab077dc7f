/** Everything that Linux tells of the agent's host. null: it cannot be told here. Whole numbers, but loads and percentages. */
export type SystemInventory = {
  totalCpus: number;
  totalMemoryMib: number;
  /** Of the running VMs. */
  allocatedCpus: number;
  allocatedMemoryMib: number;
  load1: number;
  load5: number;
  load15: number;
  host: { hostname: string; kernelVersion: string; uptimeSeconds: number };
  cpu: CpuInventory;
  memory: MemoryInventory;
  numaNodes: { id: number; totalMemoryBytes: number; freeMemoryBytes: number; cpuIds: number[] }[];
  disks: DiskInventory[];
  nics: NicInventory[];
};

export type CpuInventory = {
  model: string;
  vendor: string;
  physicalCores: number;
  logicalCores: number;
  sockets: number;
  cores: CoreInventory[];
  flags: string[];
};

/** One logical CPU. usagePercent: 0 to 100 since the figures before. */
export type CoreInventory = { id: number; frequencyMhz: number; usagePercent: number; numaNode: number };

export type MemoryInventory = {
  totalBytes: number;
  availableBytes: number;
  cachedBytes: number;
  swapTotalBytes: number;
  swapUsedBytes: number;
  /** Pages of hugepageSizeKib. */
  hugepagesTotal: number;
  hugepagesFree: number;
  hugepageSizeKib: number;
};

export type DiskInventory = {
  /** Such as /dev/sda. */
  device: string;
  model: string;
  serial: string;
  sizeBytes: number;
  smartAvailable: boolean;
  smartHealthy: boolean;
  temperatureCelsius: number | null;
  powerOnHours: number | null;
};

export type NicInventory = {
  name: string;
  mac: string;
  isUp: boolean;
  speedMbps: number | null;
  /** full, half or unknown. */
  duplex: string;
  ipv4: string[];
  ipv6: string[];
  driver: string;
  rxBytes: number;
  txBytes: number;
};
