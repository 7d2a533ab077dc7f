import { hypervisorKinds } from '@mvirt/domain';
import { z } from 'zod';

export const hostSchema = z.object({
  hostname: z.string(),
  kernelVersion: z.string(),
  uptimeSeconds: z.number(),
  cpus: z.int(),
  memoryBytes: z.number(),
  availableMemoryBytes: z.number(),
  load: z.tuple([z.number(), z.number(), z.number()]),
  allocatedCpus: z.int(),
  allocatedMemoryBytes: z.number(),
  running: z.int(),
  vms: z.int(),
});

export type HostDocument = z.output<typeof hostSchema>;

export const usageSchema = z.object({ id: z.string(), cpuPercent: z.number().nullable(), rssBytes: z.number() });
export type UsageDocument = z.output<typeof usageSchema>;

/** whole: every running VM is in figures; else only what changed since the reading that was known. */
export const usageReadingSchema = z.object({ reading: z.int(), whole: z.boolean(), figures: z.array(usageSchema) });
export type UsageReadingDocument = z.output<typeof usageReadingSchema>;

export const hypervisorReportSchema = z.object({
  kind: z.enum(hypervisorKinds),
  version: z.string().nullable(),
  program: z.string().nullable(),
  usable: z.boolean(),
  accelerator: z.string().nullable(),
  notes: z.array(z.string()),
  hint: z.string().nullable(),
});

export type HypervisorDocument = z.output<typeof hypervisorReportSchema>;
