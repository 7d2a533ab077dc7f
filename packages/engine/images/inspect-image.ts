import { open, stat } from 'node:fs/promises';
import { type DiskFormat, MvirtError, toMvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import { isQcow2, qcow2HeaderBytes, readQcow2 } from './qcow2-header.ts';

export type Inspected = { format: DiskFormat; sizeBytes: number };

const sectorBytes = 512;
const checkMs = 10 * 60_000;
/** Clusters that nothing uses cost room, and are no damage (qemu-img(1)). */
const leaksOnly = 3;

/** Beginnings of what is no disk image that we take, and what it is. */
const strangers: readonly { at: number; bytes: string; is: string }[] = [
  { at: 0, bytes: 'KDMV', is: 'a VMDK image' },
  { at: 0, bytes: '# Disk DescriptorFile', is: 'the description of a VMDK image' },
  { at: 0, bytes: 'vhdxfile', is: 'a VHDX image' },
  { at: 0, bytes: 'conectix', is: 'a VHD image' },
  { at: 64, bytes: '\x7f\x10\xda\xbe', is: 'a VDI image' },
  { at: 0, bytes: 'QED\0', is: 'a QED image' },
  { at: 0, bytes: '<!DOCTYPE', is: 'a web page' },
  { at: 0, bytes: '<!doctype', is: 'a web page' },
  { at: 0, bytes: '<html', is: 'a web page' },
  { at: 0, bytes: 'PK\x03\x04', is: 'a zip archive' },
  { at: 257, bytes: 'ustar', is: 'a tar archive' },
];

/**
 * What an unpacked image is, once and for all. asked null: qcow2 where it says so itself, else raw. @throws IMAGE_REFUSED,
 * PROGRAM_MISSING where a qcow2 cannot be checked
 */
export async function inspectImage(
  { programs }: Pick<Host, 'programs'>,
  path: string,
  asked: DiskFormat | null,
  options: { signal?: AbortSignal },
): Promise<Inspected> {
  const head = await readHead(path);
  const { size } = await stat(path);
  if (size === 0) throw refused('is empty', 'there was nothing to read');
  if (asked === null) refuseStranger(head);
  const format = asked ?? (isQcow2(head) ? 'qcow2' : 'raw');
  if (format === 'raw') {
    if (size % sectorBytes === 0) return { format, sizeBytes: size };
    throw refused(`has ${size} bytes, which are no whole sectors: it is no raw disk, or not all of it`, `is it cut off, or packed in a way that is not known?`);
  }
  const { sizeBytes } = readQcow2(head.subarray(0, qcow2HeaderBytes));
  await checkQcow2(programs, path, options);
  return { format, sizeBytes };
}

async function readHead(path: string): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(new Uint8Array(sectorBytes), 0, sectorBytes, 0);
  return buffer.subarray(0, bytesRead);
}

function refuseStranger(head: Uint8Array): void {
  const text = Buffer.from(head).toString('latin1');
  const stranger = strangers.find(({ at, bytes }) => text.startsWith(bytes, at));
  if (!stranger) return;
  throw refused(
    `is ${stranger.is}`,
    stranger.is.endsWith('image') ? 'convert it first: qemu-img convert -O qcow2 IMAGE NEW' : 'give the disk image itself, or --format raw if this is one',
  );
}

/** Tables that lead out of the file, as where it is cut off. */
async function checkQcow2(programs: Host['programs'], path: string, options: { signal?: AbortSignal }): Promise<void> {
  try {
    await programs.run(['qemu-img', 'check', '-q', '-f', 'qcow2', path], { ...options, timeoutMs: checkMs, confined: true, accepts: [leaksOnly] });
  } catch (thrown) {
    const { code, message } = toMvirtError(thrown);
    if (code !== 'PROGRAM_FAILED') throw thrown;
    throw refused(`is damaged, or cut off (${message.replace(/^.*: /, '')})`, 'fetch it again, or mend it: qemu-img check -r all', thrown);
  }
}

const refused = (why: string, hint: string, cause?: unknown): MvirtError =>
  new MvirtError({ code: 'IMAGE_REFUSED', message: `the image ${why}`, hint, ...(cause === undefined ? {} : { cause }) });
