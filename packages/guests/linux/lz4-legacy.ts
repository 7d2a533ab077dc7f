const magic = 0x184c2102;
const maxBlockBytes = 8 * 1024 * 1024;

/** Unpacks the stream that kernels use: blocks of 8 MiB, each behind its packed size (lz4: doc/lz4_Frame_format.md, "Legacy frame"). @throws Error */
export function lz4LegacyDecode(packed: Uint8Array, maxBytes: number): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (view.getUint32(0, true) !== magic) throw new Error('no LZ4 legacy stream');
  const out = new Uint8Array(maxBytes);
  let from = 4;
  let to = 0;
  while (from + 4 <= packed.length && to < maxBytes) {
    const size = view.getUint32(from, true);
    const end = from + 4 + size;
    if (end > packed.length) throw new Error('the LZ4 stream ends within a block');
    const next = decodeBlock(packed, from + 4, end, out, to);
    if (next - to > maxBlockBytes) throw new Error('an LZ4 block is larger than 8 MiB');
    to = next;
    from = end;
  }
  return out.subarray(0, to);
}

/** Sequences of literals and copies of earlier output (lz4: doc/lz4_Block_format.md). Returns the end of the output. */
function decodeBlock(packed: Uint8Array, start: number, end: number, out: Uint8Array, outStart: number): number {
  let from = start;
  let to = outStart;
  const byte = (): number => {
    if (from >= end) throw new Error('an LZ4 block ends within a sequence');
    return packed[from++] ?? 0;
  };
  const length = (nibble: number): number => {
    let sum = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; sum += more) more = byte();
    return sum;
  };
  while (from < end) {
    const token = byte();
    const literals = length(token >> 4);
    if (from + literals > end || to + literals > out.length) throw new Error('an LZ4 sequence reaches over its end');
    out.set(packed.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === end) break;
    const back = byte() | (byte() << 8);
    const count = length(token & 15) + 4;
    if (back === 0 || back > to - outStart || to + count > out.length) throw new Error('an LZ4 copy reaches outside its block');
    // A copy may overlap what it writes, which is how runs are packed.
    if (back >= count) out.copyWithin(to, to - back, to - back + count);
    else for (let i = 0; i < count; i++) out[to + i] = out[to - back + i] ?? 0;
    to += count;
  }
  return to;
}
