import { open } from 'node:fs/promises';
import { MvirtError, toMvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import { openSparseFile } from './sparse-file.ts';

/** name: the program's, by which its Debian package is found. */
type Packing = { magic: readonly number[]; argv: readonly [name: string, ...rest: string[]] };

const packings: readonly Packing[] = [
  { magic: [0x1f, 0x8b], argv: ['gzip', '-dc'] },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], argv: ['xz', '-dc', '-T1', '--memlimit-decompress=1GiB'] },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], argv: ['zstd', '-dcq', '--memory=1024MiB'] },
  { magic: [0x42, 0x5a, 0x68], argv: ['bzip2', '-dc'] },
];
const longestMagic = 6;

const unpackMs = 6 * 3_600_000;

/** How a file is packed, by its first bytes, as the argv that unpacks it; null: it is not. */
export async function packingOf(path: string): Promise<readonly string[] | null> {
  await using file = await open(path, 'r');
  const { buffer } = await file.read(new Uint8Array(longestMagic), 0, longestMagic, 0);
  return packings.find(({ magic }) => magic.every((byte, at) => buffer[at] === byte))?.argv ?? null;
}

/** Unpacks a file into another, which is made. @throws PROGRAM_MISSING naming the Debian package, IMAGE_REFUSED, DISK_FULL */
export async function unpack(
  { programs }: Pick<Host, 'programs'>,
  { argv, from, to }: { argv: readonly string[]; from: string; to: string },
  options: { signal?: AbortSignal },
): Promise<void> {
  await using file = await openSparseFile(to);
  try {
    await programs.run([...argv], { ...options, timeoutMs: unpackMs, inputFile: from, confined: true, onOutput: (piece) => file.write(piece) });
  } catch (thrown) {
    const { code, message } = toMvirtError(thrown);
    if (code !== 'PROGRAM_FAILED') throw thrown;
    const hint = 'is it whole? fetch it again';
    throw new MvirtError({ code: 'IMAGE_REFUSED', message: `the image cannot be unpacked: ${message}`, hint, cause: thrown });
  }
  await file.settle({ durable: false });
}
