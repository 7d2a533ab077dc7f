import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type ConsoleBench, createConsoleBench } from '@mvirt/testkit/console-bench';
import { patternBytes, seededRandom } from '@mvirt/testkit/console-pattern';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import type { ConsoleStart } from '../services.ts';

const mayStay = (file: string) => /^mvirt\.db|^vm(\/|$)/.test(file);
const writerScript = join(import.meta.dir, '../../testkit/console-writer.ts');
const offsetOf = (cursor: string) => Number(cursor.split(':')[1]);

type Outcome = { offset: number; wrong: string[]; dropped: number; attachments: number };

/** awayBytes: every second viewer comes back only when the guest has printed so much more. */
type Plan = { totalBytes: number; awayBytes: number };

/** Joins and leaves at random until it has all of the log; checks each byte by its place. */
async function viewer(bench: ConsoleBench, { totalBytes, awayBytes }: Plan, seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const outcome: Outcome = { offset: 0, wrong: [], dropped: 0, attachments: 0 };
  let cursor: string | null = null;
  while (outcome.offset < totalBytes) {
    outcome.attachments += 1;
    const stop = new AbortController();
    let left = random(25) + 1;
    const from: ConsoleStart = cursor === null ? { kind: 'all' } : { kind: 'cursor', cursor };
    for await (const message of bench.hub().attach(bench.id, { from, signal: stop.signal })) {
      cursor = message.cursor;
      const end = offsetOf(message.cursor);
      if (message.kind === 'resync') {
        if (message.reason !== 'dropped' || end - outcome.offset !== message.lostBytes) outcome.wrong.push(JSON.stringify({ message, at: outcome.offset }));
        outcome.dropped += message.lostBytes ?? 0;
        outcome.offset = end;
      }
      if (message.kind === 'data') {
        const exact = end - message.bytes.length === outcome.offset && patternBytes(outcome.offset, end).equals(message.bytes);
        if (!exact) outcome.wrong.push(`${message.bytes.length} bytes up to ${end} at ${outcome.offset}`);
        if (message.bytes.length > 64 * 1024) outcome.wrong.push(`a message of ${message.bytes.length} bytes`);
        outcome.offset = end;
      }
      left -= 1;
      if (left === 0 || outcome.offset === totalBytes) stop.abort();
      // Some viewers are slower than the guest.
      if (random(20) === 0) await new Promise((resolve) => setTimeout(resolve, random(8)));
    }
    const back = seed % 2 === 0 ? 0 : Math.min(totalBytes, outcome.offset + awayBytes);
    await waitFor('the guest to print on', () => statSync(bench.logPath()).size >= back, { timeoutMs: 40_000 });
  }
  return outcome;
}

type Storm = Plan & { retentionBytes: number; viewers: number; crashes: number };

async function storm({ retentionBytes, viewers, crashes, ...plan }: Storm) {
  const { totalBytes } = plan;
  using dir = tempDir('storm');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path, { retentionBytes, sweepMs: 50 });
  bench.run('first');
  const writer = spawn(process.execPath, [writerScript, bench.logPath(), String(totalBytes), '5'], { stdio: 'inherit' });
  const written = once(writer, 'exit');
  const watching = Promise.all(Array.from({ length: viewers }, (_, index) => viewer(bench, plan, index + 1)));
  for (let crash = 1; crash <= crashes; crash++) {
    await waitFor(`the log to grow before crash ${crash}`, () => statSync(bench.logPath()).size >= (totalBytes / (crashes + 1)) * crash, { timeoutMs: 40_000 });
    bench.crash();
    bench.run('first');
  }
  const outcomes = await watching;
  expect(await written).toEqual([0, null]);
  bench.hub().runEnded(bench.id);
  expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(outcomes.map(({ offset }) => offset)).toEqual(Array(viewers).fill(totalBytes));
  expect(Math.max(...outcomes.map(({ attachments }) => attachments))).toBeGreaterThan(crashes);
  return { outcomes, keptFrom: bench.store.consoles.get(bench.id)?.keptFrom ?? 0, complaints: [...bench.complaints] };
}

test('16 viewers join and leave while the guest prints and the agent is killed: every stream is exact, no byte is missing', async () => {
  const { outcomes, complaints } = await storm({ retentionBytes: 16 * 1024 * 1024, totalBytes: 3_000_000, awayBytes: 0, viewers: 16, crashes: 8 });
  expect(outcomes.map(({ dropped }) => dropped)).toEqual(Array(16).fill(0));
  expect(complaints).toEqual([]);
});

test('the same while holes are punched under slow viewers: what was dropped is told, what comes is exact', async () => {
  const { outcomes, keptFrom, complaints } = await storm({ retentionBytes: 128 * 1024, totalBytes: 3_000_000, awayBytes: 300_000, viewers: 16, crashes: 4 });
  expect(keptFrom).toBeGreaterThan(2_500_000);
  expect(outcomes.filter(({ dropped }) => dropped > 0).length).toBeGreaterThanOrEqual(8);
  expect(complaints).toEqual([]);
});

test('viewers that stall cost no memory, and the others go on', async () => {
  using dir = tempDir('stall');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path, { retentionBytes: 64 * 1024 * 1024 });
  bench.run('first');
  bench.print('begin\n');
  const stop = new AbortController();
  const stalled = Array.from({ length: 40 }, () =>
    bench
      .hub()
      .attach(bench.id, { from: { kind: 'all' }, signal: stop.signal })
      [Symbol.asyncIterator](),
  );
  // Each is handed one message and asks for no more.
  for (const stream of stalled) expect((await stream.next()).value).toMatchObject({ kind: 'data' });
  Bun.gc(true);
  const before = process.memoryUsage().arrayBuffers;
  const block = patternBytes(0, 1024 * 1024);
  const quick = bench.view({ kind: 'live' });
  let seen = 0;
  for (let round = 1; round <= 32; round++) {
    bench.print(block);
    await quick.until(`${round} MiB`, ({ messages }) => {
      for (const message of messages.splice(0)) if (message.kind === 'data') seen += message.bytes.length;
      return seen === round * block.length;
    });
  }
  await quick.stop();
  Bun.gc(true);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
  // They go on from the file, where they were.
  const next = await stalled[0]?.next();
  expect(next?.value).toMatchObject({ kind: 'live' });
  stop.abort();
  for (const stream of stalled) await stream.return?.();
  bench.hub().runEnded(bench.id);
});
