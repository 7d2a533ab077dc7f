import { MvirtError, maxDiskBytes } from '@mvirt/domain';

/** Bytes of a header that are looked at (docs/interop/qcow2.txt of QEMU). */
export const qcow2HeaderBytes = 104;

const magic = 0x514649fb; // "QFI\xfb"
const dirty = 1n;
const corrupt = 2n;
const externalData = 4n;
/** Compression type and extended L2 entries besides. */
const knownFeatures = 31n;

export const isQcow2 = (head: Uint8Array): boolean => head.byteLength >= 4 && viewOf(head).getUint32(0) === magic;

/**
 * The size that a guest sees. @throws IMAGE_REFUSED for what is no image by itself (backing file, external data file), is encrypted or
 * damaged, or says what we do not know
 */
export function readQcow2(head: Uint8Array): { sizeBytes: number } {
  if (!isQcow2(head)) throw refused('is no qcow2 image', 'leave --format out, or give --format raw');
  if (head.byteLength < 72) throw refused('is cut off: a qcow2 header is longer', 'fetch it again');
  const view = viewOf(head);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) throw refused(`is qcow2 of version ${version}; only 2 and 3 are known`, 'convert it: qemu-img convert -O qcow2');
  if (view.getBigUint64(8) !== 0n)
    throw refused('names a backing file: it is only the difference to another image', 'make it whole first: qemu-img convert -O qcow2 IMAGE WHOLE');
  if (view.getUint32(32) !== 0) throw refused('is encrypted', 'decrypt it first: qemu-img convert');
  if (version === 3) checkFeatures(head);
  const sizeBytes = view.getBigUint64(24);
  if (sizeBytes === 0n) throw refused('has no size', 'there is no disk in it');
  if (sizeBytes > BigInt(maxDiskBytes)) throw refused(`says that it is a disk of ${sizeBytes} bytes`, 'the largest disk is 64 TiB');
  return { sizeBytes: Number(sizeBytes) };
}

function checkFeatures(head: Uint8Array): void {
  if (head.byteLength < qcow2HeaderBytes) throw refused('is cut off: a qcow2 header is longer', 'fetch it again');
  const features = viewOf(head).getBigUint64(72);
  if ((features & externalData) !== 0n) throw refused('keeps its data in another file', 'make it whole first: qemu-img convert -O qcow2 IMAGE WHOLE');
  if ((features & corrupt) !== 0n) throw refused('says that it is corrupt', 'mend it first: qemu-img check -r all');
  if ((features & dirty) !== 0n) throw refused('was not closed properly', 'mend it first: qemu-img check -r all');
  if ((features & ~knownFeatures) !== 0n) throw refused('has features that this mvirt does not know', 'convert it: qemu-img convert -O qcow2');
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const refused = (why: string, hint: string): MvirtError => new MvirtError({ code: 'IMAGE_REFUSED', message: `the image ${why}`, hint });
