import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { tailOf } from '../tail.ts';
import { createLineSplitter } from './line-splitter.ts';
import { startWords } from './start-words.ts';

test('the last lines, without what would move a terminal', () => {
  using dir = tempDir('tail');
  writeFileSync(dir.join('log'), 'one\r\n\u001b[31mtwo\u001b[0m\r\nthree\u0007\r\n');
  expect(tailOf(dir.join('log'), { lines: 2 })).toBe('two\nthree');
  expect(tailOf(dir.join('log'), { lines: 9, maxBytes: 8 })).toBe('three');
  expect(tailOf(dir.join('log'), { lines: 9, from: 1000 })).toBeNull();
  expect(tailOf(dir.join('none'), { lines: 9 })).toBeNull();
});

test("QEMU's words without its name, the option and its warnings", () => {
  using dir = tempDir('tail');
  const earlier = 'qemu-system-x86_64: an earlier run\n';
  const said = [
    "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.01H:ECX.pni [bit 0]",
    'qemu-system-x86_64: -blockdev {"driver":"qcow2","file":{"filename":"/a: b"}}: Image is not in qcow2 format',
  ].join('\n');
  writeFileSync(dir.join('log'), earlier + said);
  expect(startWords(dir.join('log'), earlier.length)).toBe('Image is not in qcow2 format');
  expect(startWords(dir.join('log'), earlier.length + said.length)).toBeNull();
});

test('lines are cut wherever the chunks end, and one that is too long ends it', () => {
  const { push } = createLineSplitter(8);
  expect(push(Buffer.from('a\r\nb'))).toEqual(['a']);
  expect(push(Buffer.from('c\n\nd\n'))).toEqual(['bc', '', 'd']);
  expect(push(Buffer.from('12345678'))).toEqual([]);
  expect(push(Buffer.from('9'))).toBeNull();
});
