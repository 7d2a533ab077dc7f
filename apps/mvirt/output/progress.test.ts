import { expect, test } from 'bun:test';
import { createProgress, progressText } from './progress.ts';

const mib = 1 << 20;

function open(isTerminal: boolean, columns = 80) {
  let text = '';
  let nowMs = 0;
  const io = { stderr: { write: (more: string) => (text += more), isTerminal }, stdout: { write: () => {}, isTerminal, columns } };
  const progress = createProgress(io, 'debian\x1b[2J', () => nowMs);
  return {
    progress,
    at(ms: number, bytes: number) {
      nowMs = ms;
      progress.moved(bytes, 100 * mib);
    },
    take() {
      const taken = text;
      text = '';
      return taken;
    },
  };
}

test('how far it is, and how fast', () => {
  expect(progressText({ bytes: 0, totalBytes: 512 * mib, bytesPerSecond: null })).toBe(`[${'-'.repeat(20)}] 0% of 512M`);
  expect(progressText({ bytes: 256 * mib, totalBytes: 512 * mib, bytesPerSecond: 100 * mib })).toBe(`[${'#'.repeat(10)}${'-'.repeat(10)}] 50% of 512M, 100M/s`);
  expect(progressText({ bytes: 3 * 2 ** 30, totalBytes: null, bytesPerSecond: null })).toBe('3G');
  expect(progressText({ bytes: 700, totalBytes: 512, bytesPerSecond: null })).toContain('100%');
});

test('one line on a terminal, drawn ten times a second at most, and gone at the end', () => {
  const { progress, at, take } = open(true);
  at(0, 10 * mib);
  expect(take()).toBe(`\r\x1b[Kdebian\ufffd[2J: [##${'-'.repeat(18)}] 10% of 100M`);
  at(50, 11 * mib);
  expect(take()).toBe('');
  at(1000, 20 * mib);
  expect(take()).toContain('20% of 100M, 10M/s');
  at(1001, 100 * mib);
  expect(take()).toContain('100% of 100M');
  progress.say('checking it');
  expect(take()).toBe('\r\x1b[Kdebian\ufffd[2J: checking it');
  progress[Symbol.dispose]();
  progress.clear();
  expect(take()).toBe('\r\x1b[K');
});

test('it never wraps, and elsewhere nothing is said', () => {
  const narrow = open(true, 20);
  narrow.at(0, mib);
  expect(narrow.take().replace('\r\x1b[K', '')).toHaveLength(19);
  const pipe = open(false);
  pipe.at(0, mib);
  pipe.progress.say('x');
  pipe.progress.clear();
  expect(pipe.take()).toBe('');
});
