import { z } from 'zod';
import { type DiskFormat, diskFormats } from './disk-format.ts';
import { control } from './visible.ts';

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

/** It is a file's name too, so it begins and ends with a letter or a digit. */
export const imageNameSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 . _ - and begin and end with a letter or a digit');

const userSchema = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be the name of a user, such as debian');

/** The most that a disk can have: what QEMU's qcow2 can, and more than any of its host's filesystems has in one file. */
export const maxDiskBytes = 64 * 2 ** 40;

const sizeStepBytes = 2 ** 20;

/** The size of a VM's own disk. */
export const diskSizeSchema = z
  .int('must be a whole number of bytes')
  .min(sizeStepBytes, 'must be at least 1 MiB')
  .max(maxDiskBytes, 'must be at most 64 TiB')
  .refine((bytes) => bytes % sizeStepBytes === 0, 'must be whole MiB');

const hashSchema = z
  .string()
  .toLowerCase()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits, as sha256sum prints them');

/** What an import is begun with. The bytes come afterwards. */
export const importImageSchema = z.strictObject({
  name: imageNameSchema,
  /** null: qcow2 where the image says so itself, else raw. */
  format: z.enum(diskFormats).nullable().default(null),
  /** What the bytes must have, in hex; null: not checked. */
  sha256: hashSchema.nullable().default(null),
  /** null: guessed by the names of the image and its source. */
  user: userSchema.nullable().default(null),
  source: z
    .string()
    .max(4095)
    .refine((source) => !control.test(source), 'must not contain control characters')
    .nullable()
    .default(null),
  /** What the source is known again by where it can be asked for the rest of its bytes; null: it cannot. */
  resumeKey: hashSchema.nullable().default(null),
});

export type ImportImageInput = z.input<typeof importImageSchema>;
export type ImportImage = z.output<typeof importImageSchema>;

/** Words in names of images, and who logs in there (each distribution's own documentation of its cloud images). */
const users: readonly [RegExp, string][] = [
  [/ubuntu|\b(focal|jammy|noble|plucky|questing)\b/, 'ubuntu'],
  [/debian|\b(bullseye|bookworm|trixie|forky)\b/, 'debian'],
  [/fedora/, 'fedora'],
  [/alma/, 'almalinux'],
  [/rocky/, 'rocky'],
  [/centos|rhel/, 'cloud-user'],
  [/opensuse/, 'opensuse'],
  [/arch-?linux|\barch\b/, 'arch'],
  [/alpine/, 'alpine'],
  [/freebsd/, 'freebsd'],
  [/cirros/, 'cirros'],
  [/amzn2|al2023|amazon/, 'ec2-user'],
  [/flatcar|coreos/, 'core'],
];

/** The usual user of an image by its name, else by its source; null: none that is known. */
export function guessImageUser({ name, source }: { name: string; source: string | null }): string | null {
  for (const text of [name, source?.split('/').at(-1) ?? '', source ?? '']) {
    const found = users.find(([words]) => words.test(text.toLowerCase().replaceAll('_', '-')));
    if (found) return found[1];
  }
  return null;
}
