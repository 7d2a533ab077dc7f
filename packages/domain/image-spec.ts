import type { DiskFormat } from './vm-spec.ts';

/** A disk image that the agent keeps, to make VMs' disks of. Nothing of it ever changes. */
export type ImageSpec = {
  name: string;
  /** Fixed when it was imported, and never looked for again. */
  format: DiskFormat;
  /** What a guest sees of it. */
  sizeBytes: number;
  /** Of the bytes that were given, before anything was unpacked. */
  sha256: string;
  /** Where it came from, for people; null: standard input. */
  source: string | null;
  /** Who logs in to its guests; null: not known. */
  user: string | null;
};
