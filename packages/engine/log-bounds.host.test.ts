import { expect, test } from 'bun:test';
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { asVmId } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import { openBench } from '@mvirt/testkit/engine/bench';
import { createFakeClock } from '@mvirt/testkit/fake-clock';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { createLogBounds } from './log-bounds.ts';
import { openLineFile } from './vm-log/line-file.ts';

const kib = 1024;
const taken = (path: string): number => statSync(path).blocks * 512;
const line = (number: number): string => `${`line ${number} `.padEnd(999, '.')}\n`;

function bench(files: Pick<HostFiles, 'punchHole'> = createLinuxHost().files) {
  const dir = tempDir('bounds');
  const clock = createFakeClock();
  const warned: string[] = [];
  const path = dir.join('stdout.log');
  const asked: string[] = [];
  const logs = (which: 'all' | 'live') => {
    asked.push(which);
    return [
      { path: dir.join('none'), maxBytes: 64 * kib },
      { path, maxBytes: 64 * kib },
    ];
  };
  const bounds = createLogBounds({ files, clock, logs, log: { warn: (message) => warned.push(message) } });
  return {
    path,
    clock,
    warned,
    asked,
    bounds,
    [Symbol.dispose]() {
      bounds.end();
      dir[Symbol.dispose]();
    },
  };
}

test('a writer without end: the log keeps its bound, its last lines, and its offsets', async () => {
  using made = bench();
  const { path, clock, bounds } = made;
  writeFileSync(path, '');
  bounds.begin();
  const { file } = openLineFile(path);
  const read: string[] = [];
  for (let round = 0; round < 50; round++) {
    for (let number = 0; number < 40; number++) appendFileSync(path, line(round * 40 + number));
    read.push(...file.read().lines);
    await clock.advance(5_000);
    expect(taken(path)).toBeLessThanOrEqual(64 * kib);
  }
  expect(statSync(path).size).toBe(2_000_000);
  expect(read).toEqual(Array.from({ length: 2000 }, (_, number) => line(number).trim()));
  // At least half of the bound is there to be read, whole lines of it.
  const { last } = openLineFile(path);
  expect(last.at(-1)).toBe(line(1999).trim());
  expect(last.slice(-30)).toEqual(Array.from({ length: 30 }, (_, number) => line(1970 + number).trim()));
  expect(made.warned).toEqual([]);
});

test('while somebody writes and writes it is looked at more often; at first all logs are', async () => {
  using made = bench();
  const { path, clock, bounds, asked } = made;
  writeFileSync(path, line(1).repeat(100));
  bounds.begin();
  expect(taken(path)).toBeLessThanOrEqual(64 * kib);
  appendFileSync(path, line(1).repeat(100));
  await clock.advance(100);
  expect(taken(path)).toBeLessThanOrEqual(64 * kib);
  expect(asked).toEqual(['all', 'live']);
});

test('where the filesystem refuses holes the log is emptied, and its writer goes on at its beginning', async () => {
  using made = bench({ punchHole: () => 'refused' });
  const { path, clock, bounds } = made;
  writeFileSync(path, line(1).repeat(100));
  bounds.begin();
  appendFileSync(path, line(2));
  await clock.advance(5_000);
  expect(statSync(path).size).toBe(1000);
  expect(openLineFile(path).last).toEqual([line(2).trim()]);
});

test('a log that cannot be cut holds up no other, and is tried again', async () => {
  let broken = true;
  const { files } = createLinuxHost();
  using made = bench({
    punchHole(...given) {
      if (broken) throw new Error('no such luck');
      return files.punchHole(...given);
    },
  });
  const { path, clock, bounds, warned } = made;
  writeFileSync(path, line(1).repeat(100));
  bounds.begin();
  expect(warned).toHaveLength(1);
  broken = false;
  await clock.advance(5_000);
  expect(taken(path)).toBeLessThanOrEqual(64 * kib);
});

test('an agent keeps the messages of each VM that is up within 1 MiB, and those of all VMs when it starts', async () => {
  await using made = await openBench();
  const id = await made.started({ name: 'loud' });
  const path = made.dir.join('vm', asVmId(id), 'stdout.log');
  writeFileSync(path, 'x'.repeat(3 * kib * kib));
  await made.clock.advance(5_000);
  expect(taken(path)).toBeLessThanOrEqual(kib * kib);
  await made.vms().kill(id, {});
  appendFileSync(path, 'x'.repeat(3 * kib * kib));
  made.crash();
  await made.reborn();
  expect(taken(path)).toBeLessThanOrEqual(kib * kib);
});

test('where the list of logs cannot be read it is asked for again', async () => {
  const clock = createFakeClock();
  const warned: string[] = [];
  const asked: string[] = [];
  const logs = (which: 'all' | 'live') => {
    asked.push(which);
    throw new Error('a bad page');
  };
  const bounds = createLogBounds({ files: createLinuxHost().files, clock, logs, log: { warn: (message) => warned.push(message) } });
  bounds.begin();
  await clock.advance(10_000);
  expect([asked, warned.length]).toEqual([['all', 'all', 'all'], 3]);
  bounds.end();
});
