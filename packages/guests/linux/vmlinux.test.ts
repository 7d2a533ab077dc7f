import { expect, test } from 'bun:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { lz4LegacyDecode } from './lz4-legacy.ts';
import { extractVmlinux } from './vmlinux.ts';

const elf = Buffer.concat([Buffer.from('7f454c46', 'hex'), Buffer.from('kernel '.repeat(500))]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const lz4Stream = (...blocks: Buffer[]): Buffer => Buffer.concat([Buffer.from('02214c18', 'hex'), ...blocks.flatMap((block) => [u32(block.length), block])]);

function bzImage(payload: Buffer): Buffer {
  const image = Buffer.alloc(512 * 5 + payload.length);
  image.write('HdrS', 0x202, 'latin1');
  image[0x1f1] = 3;
  image.writeUInt32LE(512, 0x248);
  image.writeUInt32LE(payload.length, 0x24c);
  payload.copy(image, 512 * 5);
  return image;
}

/** 11 literals ("\x7fELF" and "kernel "), then a copy of 7 back that overlaps itself, as an LZ4 packer writes it. */
const packedElf = Buffer.concat([
  Buffer.from([0xbf]),
  elf.subarray(0, 11),
  Buffer.from([7, 0]),
  lengthBytes(elf.length - 11 - 5 - 4 - 15),
  Buffer.from([0x50]),
  elf.subarray(-5),
]);
function lengthBytes(rest: number): Buffer {
  return Buffer.concat([Buffer.alloc(Math.floor(rest / 255), 255), Buffer.from([rest % 255])]);
}

test('LZ4: literals, long lengths, overlapping copies, several blocks', () => {
  expect(Buffer.from(lz4LegacyDecode(lz4Stream(packedElf), elf.length))).toEqual(elf);
  const twice = lz4LegacyDecode(lz4Stream(packedElf, packedElf), elf.length * 2);
  expect(Buffer.from(twice)).toEqual(Buffer.concat([elf, elf]));
});

test.each([
  ['another magic', Buffer.from('0421224d18000000', 'hex'), 'no LZ4 legacy stream'],
  ['a block cut short', lz4Stream(packedElf).subarray(0, -3), 'ends within a block'],
  ['a copy from before the block', lz4Stream(Buffer.from([0x10, 1, 9, 0])), 'outside its block'],
  ['a copy of distance zero', lz4Stream(Buffer.from([0x10, 1, 0, 0])), 'outside its block'],
  ['literals over the end', lz4Stream(Buffer.from([0x50, 1])), 'over its end'],
  ['more output than there is room', lz4Stream(packedElf), 'its'],
])('LZ4: %s is an error', (_, stream, message) => {
  expect(() => lz4LegacyDecode(stream, 20)).toThrow(message);
});

test.each([
  ['LZ4', Buffer.concat([lz4Stream(packedElf), u32(elf.length)])],
  ['zstd', Buffer.concat([zstdCompressSync(elf), u32(elf.length)])],
  ['gzip', gzipSync(elf)],
])('the ELF comes out of a bzImage packed with %s', (_, payload) => {
  expect(Buffer.from(extractVmlinux(bzImage(payload), 'linux-image')).equals(elf)).toBe(true);
});

test.each([
  ['no bzImage', Buffer.alloc(1000), 'it is no bzImage'],
  ['a short file', Buffer.alloc(3), 'it is no bzImage'],
  ['a cut image', bzImage(gzipSync(elf)).subarray(0, -9), 'it is cut short'],
  ['another packing', bzImage(Buffer.from('fd377a585a000000ffffffff', 'hex')), 'its packing is unknown (fd377a58)'],
  ['damage', bzImage(Buffer.concat([lz4Stream(packedElf).subarray(0, -2), u32(elf.length)])), 'it is damaged'],
  ['no ELF', bzImage(gzipSync(Buffer.from('text'))), 'it holds no ELF'],
])('%s is refused, naming the package', (_, image, why) => {
  expect(() => extractVmlinux(image, 'linux-image-x')).toThrow(`no kernel can be taken out of linux-image-x: ${why}`);
});
