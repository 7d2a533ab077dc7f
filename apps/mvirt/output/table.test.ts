import { expect, test } from 'bun:test';
import { printable, table } from './table.ts';

test('columns are as wide as their widest cell, as a terminal counts', () => {
  const rows = [
    [{ text: 'a' }, { text: '7', right: true }, { text: 'x' }],
    [{ text: '漢字' }, { text: '1024', right: true }, { text: 'long one' }],
  ];
  expect(table(['NAME', 'N', 'WHAT'], rows)).toBe('NAME     N  WHAT\na        7  x\n漢字  1024  long one\n');
});

test('colour does not count', () => {
  const paint = (text: string) => `\x1b[32m${text}\x1b[0m`;
  expect(table(['A', 'B'], [[{ text: 'ab', paint }, { text: 'c' }]])).toBe('A   B\n\x1b[32mab\x1b[0m  c\n');
});

test('a table without rows is its head', () => expect(table(['NAME', 'ID'], [])).toBe('NAME  ID\n'));

test.each([
  ['\x1b[2J', '\ufffd[2J'],
  ['a\nb\rc\td', 'a\ufffdb\ufffdc\ufffdd'],
  ['\x9b31m', '\ufffd31m'],
  ['\x07\x00\x7f', '\ufffd\ufffd\ufffd'],
  ['\u202etxt.exe', '\ufffdtxt.exe'],
  ['ä漢😀', 'ä漢😀'],
])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));
