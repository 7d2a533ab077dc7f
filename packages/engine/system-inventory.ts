import type { Hardware } from '@mvirt/host';

/** Everything that Linux tells of the agent's host. Whole numbers, but loads and percentages. */
export type SystemInventory = Hardware & {
  totalCpus: number;
  totalMemoryMib: number;
  /** Of the running VMs. */
  allocatedCpus: number;
  allocatedMemoryMib: number;
  load1: number;
  load5: number;
  load15: number;
  host: { hostname: string; kernelVersion: string; uptimeSeconds: number };
};
