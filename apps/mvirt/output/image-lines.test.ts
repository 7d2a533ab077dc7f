import { expect, test } from 'bun:test';
import type { ImageDocument } from '@mvirt/api/schema';
import { imageDetails, imageTable, importedLine } from './image-lines.ts';

const evil = '\x1b[2J\x07\n';
const image = (change: Partial<ImageDocument> = {}): ImageDocument => ({
  name: 'debian-12',
  format: 'qcow2',
  sizeBytes: 3 * 2 ** 30,
  diskBytes: 400 << 20,
  path: '/data/images/debian-12.qcow2',
  sha256: 'ab'.repeat(32),
  source: null,
  user: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  usedBy: [],
  ...change,
});

test('a line an image; a file that is gone is said', () => {
  expect(imageTable([image({ user: 'debian', usedBy: [{ vmId: 'x', vmName: null }] }), image({ name: 'b', diskBytes: null })])).toBe(
    'NAME       FORMAT  SIZE  ON DISK  USER    VMS\ndebian-12  qcow2     3G     400M  debian    1\nb          qcow2     3G  missing  -         0\n',
  );
  expect(imageDetails(image({ diskBytes: null }))).toContain('on disk  its file is missing: remove it, and import it again\n');
});

test('no field of an image steers the terminal', () => {
  const hostile = image({ name: evil, path: evil, source: evil, usedBy: [{ vmId: evil, vmName: evil }] });
  for (const text of [imageTable([hostile]), imageDetails(hostile), importedLine(hostile)])
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  expect(imageTable([hostile]).split('\n')).toHaveLength(3);
});
