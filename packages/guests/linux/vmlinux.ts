import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { MvirtError } from '@mvirt/domain';
import { lz4LegacyDecode } from './lz4-legacy.ts';

const hdrS = 0x53726448;

/** The ELF inside a bzImage: it boots by PVH, without unpacking itself (kernel: Documentation/arch/x86/boot.rst). @throws UNSUPPORTED */
export function extractVmlinux(bzImage: Uint8Array, name: string): Uint8Array {
  const unsupported = (why: string, cause?: unknown): MvirtError =>
    new MvirtError({ code: 'UNSUPPORTED', message: `no kernel can be taken out of ${name}: ${why}`, hint: 'use another kernel package', cause });
  const view = new DataView(bzImage.buffer, bzImage.byteOffset, bzImage.byteLength);
  if (bzImage.length < 0x260 || view.getUint32(0x202, true) !== hdrS) throw unsupported('it is no bzImage');
  const start = ((view.getUint8(0x1f1) || 4) + 1) * 512 + view.getUint32(0x248, true);
  const end = start + view.getUint32(0x24c, true);
  if (end - start < 8 || end > bzImage.length) throw unsupported('it is cut short');
  // The payload's last four bytes say the size of what is packed.
  const size = view.getUint32(end - 4, true);
  const payload = bzImage.subarray(start, end - 4);
  const unpacked = unpack(payload, size, unsupported);
  if (unpacked.length !== size || new DataView(unpacked.buffer, unpacked.byteOffset).getUint32(0, false) !== 0x7f454c46) throw unsupported('it holds no ELF');
  return unpacked;
}

function unpack(payload: Uint8Array, size: number, unsupported: (why: string, cause?: unknown) => MvirtError): Uint8Array {
  const magic = Buffer.from(payload.subarray(0, 4)).toString('hex');
  try {
    if (magic === '02214c18') return lz4LegacyDecode(payload, size);
    if (magic === '28b52ffd') return zstdDecompressSync(payload);
    // gzip's own trailer holds the size, so the payload ends with it and nothing follows.
    if (magic.startsWith('1f8b')) return gunzipSync(Buffer.concat([payload, sizeBytes(size)]));
  } catch (cause) {
    throw unsupported('it is damaged', cause);
  }
  throw unsupported(`its packing is unknown (${magic})`);
}

function sizeBytes(size: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(size);
  return bytes;
}
