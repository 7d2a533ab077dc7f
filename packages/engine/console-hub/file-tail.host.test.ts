import { expect, test } from 'bun:test';
import { appendFileSync, existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createLinuxHost } from '@mvirt/host/linux';
import { seededRandom } from '@mvirt/testkit/console-pattern';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createSystemClock } from '../system-clock.ts';
import { createFileTail, type TailTiming } from './file-tail.ts';

const { files } = createLinuxHost();
const clock = createSystemClock();
const hourMs = 3_600_000;

function sizeTail(path: string, timing: TailTiming) {
  const seen = { size: 0, looks: 0 };
  const look = () => {
    seen.looks += 1;
    const size = existsSync(path) ? statSync(path).size : 0;
    const changed = size !== seen.size;
    seen.size = size;
    return changed;
  };
  const tail = createFileTail({ files, clock, path, timing, look });
  return { seen, tail };
}

test('the last write of every burst is seen, without the slow poll', async () => {
  using dir = tempDir('tail');
  const path = dir.join('log');
  writeFileSync(path, '');
  const { seen, tail } = sizeTail(path, { busyMs: 2, steadyMs: 5, quietMs: 15, slowMs: hourMs });
  const random = seededRandom(3);
  let size = 0;
  for (let burst = 0; burst < 40; burst++) {
    for (let write = random(30); write >= 0; write--) {
      appendFileSync(path, 'x');
      size += 1;
      if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor(`burst ${burst}`, () => seen.size === size);
  }
  tail[Symbol.dispose]();
});

test('a quiet file costs no look at all, a disposed tail neither', async () => {
  using dir = tempDir('tail');
  const path = dir.join('log');
  writeFileSync(path, 'some');
  const watched = { count: 0 };
  const counting = {
    watch: (file: string, onChange: () => void) => {
      watched.count += 1;
      return files.watch(file, onChange);
    },
  };
  let looks = 0;
  let timers = 0;
  const manual = {
    after: (_delayMs: number, _callback: () => void) => {
      timers += 1;
      return { [Symbol.dispose]: () => void timers-- };
    },
  };
  const tail = createFileTail({ files: counting, clock: manual, path, look: () => looks++ < 0 });
  expect({ ...watched, looks, timers }).toEqual({ count: 1, looks: 1, timers: 1 });
  tail[Symbol.dispose]();
  expect(timers).toBe(0);
  appendFileSync(path, 'more');
  await new Promise((resolve) => setImmediate(resolve));
  expect({ looks, timers }).toEqual({ looks: 1, timers: 0 });
});

test('a file that is not there yet, and one that takes its place, are found by the slow poll', async () => {
  using dir = tempDir('tail');
  const path = dir.join('log');
  const { seen, tail } = sizeTail(path, { busyMs: 2, steadyMs: 5, quietMs: 10, slowMs: 20 });
  writeFileSync(path, 'first');
  await waitFor('the file', () => seen.size === 5);
  writeFileSync(dir.join('other'), 'the second file');
  renameSync(dir.join('other'), path);
  await waitFor('the other file', () => seen.size === 15);
  appendFileSync(path, '+');
  await waitFor('its growth', () => seen.size === 16);
  tail[Symbol.dispose]();
});

test('while an answer is awaited it looks more often, for a moment; where the kernel watches, it leaves that to it', () => {
  using dir = tempDir('tail');
  const path = dir.join('log');
  writeFileSync(path, '');
  let told = (): void => {};
  let next = { delayMs: 0, callback: (): void => {} };
  const manual = {
    after: (delayMs: number, callback: () => void) => {
      next = { delayMs, callback };
      return { [Symbol.dispose]: () => {} };
    },
  };
  const watching = {
    watch: (_path: string, onChange: () => void) => {
      told = onChange;
      return { [Symbol.dispose]: () => {} };
    },
  };
  let grows = false;
  const timing = { busyMs: 30, steadyMs: 100, quietMs: 300, slowMs: hourMs, hurriedMs: 1 };
  using tail = createFileTail({ files: watching, clock: manual, path, timing, look: () => grows });
  tail.hurry();
  expect(next.delayMs).toBe(hourMs);
  grows = true;
  told();
  const pauses: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    pauses.push(next.delayMs);
    next.callback();
  }
  expect(pauses).toEqual([...Array.from({ length: 15 }, () => 1), ...Array.from({ length: 5 }, () => 30)]);
  tail.hurry();
  expect(next.delayMs).toBe(1);
  const soon = next;
  tail.hurry();
  expect(next).toBe(soon);
});
