import { join } from 'node:path';
import { seedFileNames } from './seed.ts';

/** Programs that pack a seed, the best first. mkfs.vfat is in the Debian package dosfstools and needs mcopy of mtools. */
export const seedPrograms = ['genisoimage', 'xorriso', 'mkfs.vfat'] as const;
export type SeedProgram = (typeof seedPrograms)[number];

/** directory: holds the files of seedFiles(); output: the image, which must not exist yet. Both absolute. */
export type SeedPlan = { program: SeedProgram; directory: string; output: string };

/** A FAT of 8 MiB holds any user-data that cloud-init takes. */
const vfatKib = '8192';

/** What to run, one after the other, to pack a seed image with the label cidata. */
export function seedArgv({ program, directory, output }: SeedPlan): string[][] {
  const iso = ['-quiet', '-output', output, '-volid', 'cidata', '-joliet', '-rock', directory];
  if (program === 'genisoimage') return [['genisoimage', ...iso]];
  if (program === 'xorriso') return [['xorriso', '-as', 'genisoimage', ...iso]];
  return [
    ['mkfs.vfat', '-n', 'CIDATA', '-C', output, vfatKib],
    ['mcopy', '-o', '-i', output, ...seedFileNames.map((name) => join(directory, name)), '::'],
  ];
}
