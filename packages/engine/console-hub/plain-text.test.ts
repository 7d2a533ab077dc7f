import { expect, test } from 'bun:test';
import { plainText } from './plain-text.ts';

const plain = (text: string) => plainText(Buffer.from(text));

test('escape sequences and control characters go, lines and letters stay', () => {
  expect(plain('\x1b[1;31mred\x1b[0m and \x1b[38;2;1;2;3mmore\x1b[K\r\n')).toBe('red and more\n');
  expect(plain('\x1b]0;title\x07text\x1b]8;;http://x\x1b\\link\n')).toBe('textlink\n');
  expect(plain('\x1bP+q\x1b\\a\x1b(Bb\x1b=c\x1b7d')).toBe('abcd');
  expect(plain('tab\tbell\x07 nul\0 del\x7f\n')).toBe('tab\tbell nul del\n');
  expect(plain('progress 1\rprogress 2\r\r\n')).toBe('progress 1\nprogress 2\n');
  expect(plain('grüße ✓ 漢字\n')).toBe('grüße ✓ 漢字\n');
});

test('an unfinished sequence at the end and bytes that are no UTF-8 do no harm', () => {
  expect(plain('text\x1b[31')).toBe('text');
  expect(plain('text\x1b')).toBe('text');
  expect(plainText(Uint8Array.of(0xff, 0xfe, 0x41))).toContain('A');
  // No time that grows with the square of the length.
  expect(plain('\x1b['.repeat(100_000)).length).toBeLessThan(200_000);
});
