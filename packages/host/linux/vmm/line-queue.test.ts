import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLineQueue } from './line-queue.ts';

/** A line that takes `room` bytes in all, until it is given more. */
function createLine(room: number) {
  const taken: number[] = [];
  const tryWrite = (bytes: Uint8Array) => {
    const count = Math.min(room, bytes.length);
    room -= count;
    taken.push(...bytes.subarray(0, count));
    return count;
  };
  return {
    tryWrite,
    text: () => Buffer.from(taken).toString(),
    give: (bytes: number) => {
      room += bytes;
    },
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const codeOf = (promise: Promise<void>) =>
  promise.then(
    () => 'sent',
    (error: unknown) => (error instanceof MvirtError ? error.code : 'other'),
  );

test('writes keep their order and resolve when their last byte is with the line', async () => {
  const line = createLine(4);
  const queue = createLineQueue({ tryWrite: line.tryWrite });
  let second = false;
  const first = queue.write(bytes('abc'), {});
  const then = queue.write(bytes('def'), {}).then(() => {
    second = true;
  });
  await first;
  expect([line.text(), second]).toEqual(['abcd', false]);
  line.give(2);
  await then;
  expect(line.text()).toBe('abcdef');
});

test('an empty write is done at once', async () => {
  await createLineQueue({ tryWrite: () => 0 }).write(bytes(''), {});
});

test('a full queue refuses, and takes again when there is room', async () => {
  const line = createLine(0);
  const queue = createLineQueue({ tryWrite: line.tryWrite, maxBytes: 8 });
  const first = queue.write(bytes('12345'), {});
  expect(await codeOf(queue.write(bytes('6789'), {}))).toBe('TOO_MANY');
  const second = queue.write(bytes('678'), {});
  line.give(8);
  await Promise.all([first, second]);
  await Promise.all([queue.write(bytes('90'), {}), line.give(2)]);
  expect(line.text()).toBe('1234567890');
});

test('a writer that leaves takes its bytes with it, and nobody elses', async () => {
  const line = createLine(0);
  const queue = createLineQueue({ tryWrite: line.tryWrite });
  const leaving = new AbortController();
  const first = codeOf(queue.write(bytes('one'), { signal: leaving.signal }));
  const second = queue.write(bytes('two'), {});
  leaving.abort();
  expect(await first).toBe('CANCELLED');
  line.give(10);
  await second;
  expect(line.text()).toBe('two');
  expect(await codeOf(queue.write(bytes('late'), { signal: leaving.signal }))).toBe('CANCELLED');
});

test('the caller may use its buffer again', async () => {
  const line = createLine(0);
  const queue = createLineQueue({ tryWrite: line.tryWrite });
  const buffer = bytes('abc');
  const sent = queue.write(buffer, {});
  buffer.fill(0);
  line.give(3);
  await sent;
  expect(line.text()).toBe('abc');
});

test('a guest that never reads ends a write by its deadline', async () => {
  const queue = createLineQueue({ tryWrite: () => 0, timeoutMs: 20 });
  expect(await codeOf(queue.write(bytes('abc'), {}))).toBe('TIMEOUT');
});

test('a line that is gone, and the end, fail what waits and what comes later', async () => {
  let gone = false;
  const queue = createLineQueue({
    tryWrite: () => {
      if (gone) throw new Error('EIO');
      return 0;
    },
  });
  const waiting = [codeOf(queue.write(bytes('a'), {})), codeOf(queue.write(bytes('b'), {}))];
  gone = true;
  expect(await Promise.all(waiting)).toEqual(['CONSOLE_READ_ONLY', 'CONSOLE_READ_ONLY']);
  expect(await codeOf(queue.write(bytes('c'), {}))).toBe('CONSOLE_READ_ONLY');

  const ended = createLineQueue({ tryWrite: () => 0 });
  const write = codeOf(ended.write(bytes('a'), {}));
  ended.end(new MvirtError({ code: 'CANCELLED', message: 'over' }));
  expect([await write, await codeOf(ended.write(bytes('b'), {}))]).toEqual(['CANCELLED', 'CANCELLED']);
});

test('a line that frees its bytes one by one gets them all', async () => {
  const line = createLine(0);
  const queue = createLineQueue({ tryWrite: line.tryWrite });
  const sent = queue.write(bytes('0123456789'), {});
  await waitFor('all bytes to be taken', () => {
    line.give(1);
    return line.text() === '0123456789';
  });
  await sent;
});
