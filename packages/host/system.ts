export type SystemFigures = {
  hostname: string;
  kernelVersion: string;
  uptimeSeconds: number;
  cpus: number;
  memoryBytes: number;
  availableMemoryBytes: number;
  load: [number, number, number];
};

/** CPU time used by a process since its start, and its resident memory. */
export type ProcessUsage = { cpuMs: number; rssBytes: number };

export interface HostSystem {
  figures(): SystemFigures;
  /** null once the process is gone. */
  usage(pid: number): ProcessUsage | null;
  /** Effective capabilities that matter to the agent. */
  rights(): { uid: number; netAdmin: boolean; tun: boolean; kvm: boolean };
}
