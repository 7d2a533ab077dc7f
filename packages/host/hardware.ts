/** The machine that the host is, as far as Linux tells without tools of its own. An empty text, 0 or null: it does not tell. */
export type Hardware = {
  cpu: CpuHardware;
  memory: MemoryHardware;
  numaNodes: { id: number; totalMemoryBytes: number; freeMemoryBytes: number; cpuIds: number[] }[];
  disks: DiskHardware[];
  nics: NicHardware[];
};

export type CpuHardware = {
  model: string;
  vendor: string;
  physicalCores: number;
  logicalCores: number;
  sockets: number;
  cores: CpuCore[];
  flags: string[];
};

/** One logical CPU that is online. usagePercent: 0 to 100 since the figures before. */
export type CpuCore = { id: number; frequencyMhz: number; usagePercent: number; numaNode: number };

export type MemoryHardware = {
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

export type DiskHardware = {
  /** Such as /dev/sda. */
  device: string;
  model: string;
  serial: string;
  sizeBytes: number;
  /** SMART is asked for by commands to the disk, which mvirt sends none of. */
  smartAvailable: boolean;
  smartHealthy: boolean;
  temperatureCelsius: number | null;
  powerOnHours: number | null;
};

export type NicHardware = {
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

export interface HostHardware {
  /**
   * Disks with a device of their own; NICs of our network namespace but loopbacks and TAPs. Read at most once a second, whoever asks, and never
   * blocking; the first reading takes a quarter of a second for the CPUs' usage.
   */
  read(): Promise<Hardware>;
}
