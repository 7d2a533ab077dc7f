import { diskFormats } from '@mvirt/domain';
import { z } from 'zod';

/** An image as `--json` shows it and as tRPC sends it. Absent is null. */
export const imageSchema = z.object({
  name: z.string(),
  format: z.enum(diskFormats),
  /** What a guest sees of it. */
  sizeBytes: z.int(),
  /** What its file takes on the disk; null: the file is not there any more. */
  diskBytes: z.int().nullable(),
  path: z.string(),
  /** Of the bytes that were given, before anything was unpacked. */
  sha256: z.string(),
  /** The file's name, or the URL; null: standard input. */
  source: z.string().nullable(),
  /** Who logs in to its guests; null: not known. */
  user: z.string().nullable(),
  createdAt: z.iso.datetime().describe('RFC 3339, UTC'),
  /** VMs that it must stay for. */
  usedBy: z.array(z.object({ vmId: z.string(), vmName: z.string().nullable() })),
});

export type ImageDocument = z.output<typeof imageSchema>;
