import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain';
import { isQcow2, readQcow2 } from './qcow2-header.ts';

/** A header as `qemu-img create` writes it, with what the test wants in it. */
function header({ version = 3, backing = 0n, crypt = 0, size = 1n << 30n, features = 0n }): Uint8Array {
  const bytes = new Uint8Array(104);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x514649fb);
  view.setUint32(4, version);
  view.setBigUint64(8, backing);
  view.setBigUint64(24, size);
  view.setUint32(32, crypt);
  view.setBigUint64(72, features);
  return bytes;
}

const refusal = (head: Uint8Array): string => {
  try {
    readQcow2(head);
  } catch (thrown) {
    if (thrown instanceof MvirtError && thrown.code === 'IMAGE_REFUSED') return thrown.message;
    throw thrown;
  }
  return 'taken';
};

test('a header of either version tells the size that a guest sees', () => {
  expect(readQcow2(header({}))).toEqual({ sizeBytes: 1 << 30 });
  expect(readQcow2(header({ version: 2, size: 512n }).subarray(0, 72))).toEqual({ sizeBytes: 512 });
  expect(readQcow2(header({ features: 24n }))).toEqual({ sizeBytes: 1 << 30 }); // zstd clusters and extended L2 entries
});

test.each([
  ['a backing file', { backing: 568n }, 'the image names a backing file: it is only the difference to another image'],
  ['an external data file', { features: 4n }, 'the image keeps its data in another file'],
  ['encryption', { crypt: 2 }, 'the image is encrypted'],
  ['the corrupt bit', { features: 2n }, 'the image says that it is corrupt'],
  ['the dirty bit', { features: 1n }, 'the image was not closed properly'],
  ['a feature of the future', { features: 1n << 40n }, 'the image has features that this mvirt does not know'],
  ['version 1', { version: 1 }, 'the image is qcow2 of version 1; only 2 and 3 are known'],
  ['no size', { size: 0n }, 'the image has no size'],
  ['a size beyond all disks', { size: 1n << 60n }, `the image says that it is a disk of ${1n << 60n} bytes`],
])('%s is refused', (_, fields, message) => expect(refusal(header(fields))).toBe(message));

test('a header that is cut off is refused, at each byte', () => {
  for (let length = 0; length < 104; length += 1) expect(refusal(header({}).subarray(0, length))).not.toBe('taken');
});

test('the magic alone makes it a qcow2', () => {
  expect([isQcow2(header({})), isQcow2(new Uint8Array(512)), isQcow2(new Uint8Array())]).toEqual([true, false, false]);
});
