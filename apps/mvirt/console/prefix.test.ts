import { expect, test } from 'bun:test';
import { createPrefix } from './prefix.ts';

/** Typed in these chunks: what the guest gets, and after how many chunks the user is gone. */
function type(...chunks: string[]): { sent: string; leftAfter: number | null } {
  const prefix = createPrefix();
  let sent = '';
  for (const [at, chunk] of chunks.entries()) {
    const { bytes, leave } = prefix(Buffer.from(chunk, 'latin1'));
    sent += Buffer.from(bytes).toString('latin1');
    if (leave) return { sent, leftAfter: at + 1 };
  }
  return { sent, leftAfter: null };
}

const cases: [typed: string, sent: string, leaves: boolean][] = [
  ['plain', 'plain', false],
  ['\x01t', '', true],
  ['ab\x01tcd', 'ab', true],
  ['\x01\x01', '\x01', false],
  ['\x01\x01t', '\x01t', false],
  ['\x01\x01\x01t', '\x01', true],
  ['\x01\x01\x01\x01', '\x01\x01', false],
  ['\x01x', '\x01x', false],
  ['\x01T', '\x01T', false],
  ['\x01x\x01t', '\x01x', true],
  ['\x01\x1b[A', '\x01\x1b[A', false],
  ['\xff\x00\x7f', '\xff\x00\x7f', false],
  ['t\x01', 't', false],
];

test.each(cases)('%j sends %j', (typed, sent, leaves) => {
  expect(type(typed)).toEqual({ sent, leftAfter: leaves ? 1 : null });
  // The same wherever it is cut.
  for (let cut = 0; cut <= typed.length; cut++) {
    const split = type(typed.slice(0, cut), typed.slice(cut));
    expect([split.sent, split.leftAfter !== null]).toEqual([sent, leaves]);
  }
  const single = type(...typed);
  expect([single.sent, single.leftAfter !== null]).toEqual([sent, leaves]);
});
