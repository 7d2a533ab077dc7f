import { expect, test } from 'bun:test';
import { createCodec } from './codec.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);

test('bytes survive the way from one end to the other, as base64', () => {
  const sent = JSON.stringify(createCodec().serialize({ bytes: everyByte, text: 'ä', none: null }));
  expect(sent).toContain(Buffer.from(everyByte).toString('base64'));
  expect(createCodec().deserialize(JSON.parse(sent))).toEqual({ bytes: everyByte, text: 'ä', none: null });
});

test('a part of a larger buffer is sent alone, and what comes in shares no buffer', () => {
  const part = new Uint8Array(everyByte.buffer, 10, 5);
  const got = createCodec().deserialize<Uint8Array>(JSON.parse(JSON.stringify(createCodec().serialize(part))));
  expect([...got]).toEqual([10, 11, 12, 13, 14]);
  expect(got.buffer.byteLength).toBe(5);
});

test('an empty message stays bytes', () => {
  const got = createCodec().deserialize(JSON.parse(JSON.stringify(createCodec().serialize(Buffer.alloc(0)))));
  expect(got).toEqual(new Uint8Array());
});

test('what JSON alone would change or drop comes through', () => {
  const values = [
    undefined,
    -0,
    Number.NaN,
    Infinity,
    12n,
    new Date(5),
    new Map([['a', 1]]),
    [1, undefined, 3],
    { none: undefined, list: [{ at: new Date(7) }] },
  ];
  for (const value of values) expect(createCodec().deserialize(JSON.parse(JSON.stringify(createCodec().serialize(value))))).toStrictEqual(value);
});

test('plain values are sent as they are', () => {
  const value = { text: 'a', none: null, list: [1, true, { deep: 'b' }], empty: {} };
  // The very same: superjson would have made a copy.
  expect(createCodec().serialize(value).json).toBe(value);
});
