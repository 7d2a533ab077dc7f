import { expect, test } from 'bun:test';
import { createNumberedLines } from './numbered-lines.ts';

const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, index) => `${String(from + index).padStart(15, '0')}\n`).join('');
const boot = 'TINY up: numbers\r\n';
const read = (text: string): ReturnType<typeof createNumberedLines> => {
  const reader = createNumberedLines('the log');
  // In pieces that split lines anywhere.
  for (let at = 0; at < text.length; at += 7) reader.push(Buffer.from(text.slice(at, at + 7)));
  return reader;
};

test('boots, their numbers and what the guest tells in between are followed', () => {
  const text = `${boot}${lines(0, 5)}TINY pci up 00000001\r\n${lines(5, 9)}\r\nTINY button\r\n\r\nTINY bye\r\n${boot}${lines(0, 3)}`;
  const reader = read(text);
  expect([reader.boots(), reader.next(), reader.bytes()]).toEqual([2, 3, text.length]);
});

test('a boot that was cut off anywhere is followed by the next', () => {
  for (let cut = 0; cut < 40; cut++) {
    const begun = `${lines(0, 2)}TINY cpu up 00000001\r\n`.slice(0, cut);
    expect(read(`${boot}${begun}${boot}${lines(0, 1)}`).boots()).toBe(2);
  }
});

test('one byte that is missing, doubled or another is an error that names its place', () => {
  const text = `${boot}${lines(0, 20)}`;
  for (let at = boot.length; at < text.length; at++) {
    const rest = text.slice(at + 1);
    expect(() => read(`${text.slice(0, at)}${rest}${lines(20, 22)}`)).toThrow('the log: ');
    expect(() => read(`${text.slice(0, at)}${text[at]}${text[at]}${rest}${lines(20, 22)}`)).toThrow(/where number \d+ was to come/);
    expect(() => read(`${text.slice(0, at)}\0${rest}${lines(20, 22)}`)).toThrow('the log: ');
  }
});
