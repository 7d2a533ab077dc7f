import { expect, test } from 'bun:test';
import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { asVmId } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { createConsoleBench } from '@mvirt/testkit/console-bench';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLogService } from './log-service.ts';
import type { LogLine } from './services.ts';
import { createSystemClock } from './system-clock.ts';

const mayStay = (file: string) => /^mvirt\.db|^vm(\/|$)/.test(file);

function logBench(dataDir: string) {
  // No two things at one time: their order is then known.
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { ...createSystemClock(), nowMs: () => ++nowMs };
  const bench = createConsoleBench(dataDir, { clock, vmIds: ['vm', 'other'] });
  const logs = createLogService({ store: bench.store, events: bench.events, host: createLinuxHost(), clock, dataDir });
  const stop = new AbortController();
  const pumps: Promise<void>[] = [];
  mkdirSync(bench.runDir(), { recursive: true });
  return {
    ...bench,
    logs,
    messages: `${bench.runDir()}/stdout.log`,
    note(type: 'started' | 'stopped' | 'start-failed' | 'deleted', message: string, detail = {}) {
      bench.store.transact(() => bench.events.record({ id: bench.id, name: 'vm' }, { type, message, detail }));
      bench.events.flush();
    },
    follow(tail: number, sinceMs: number | null = null) {
      const lines: LogLine[] = [];
      const stream = logs.watch(bench.id, { sinceMs, tail, signal: stop.signal });
      const seen = { lines, ended: false, texts: () => lines.map(({ text }) => text) };
      pumps.push(
        (async () => {
          for await (const line of stream) lines.push(line);
          seen.ended = true;
        })(),
      );
      return seen;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(pumps);
      logs.close();
      bench[Symbol.dispose]();
    },
  };
}

test("events, the agent's messages and the hypervisor's lines are one log, with levels", async () => {
  using dir = tempDir('logs');
  await using bench = logBench(dir.path);
  writeFileSync(bench.messages, 'qemu: \x1b[31mwarning\x1b[0m\r\n\nqemu: unfinished');
  bench.note('started', 'it runs');
  bench.logs.agentMessage(bench.id, 'warning', 'a TAP is slow');
  bench.logs.agentMessage(asVmId('other'), 'info', 'of another VM');
  bench.note('stopped', 'VMM ended by signal SIGKILL', { cause: 'vmm-signal' });
  const read = bench.logs.read(bench.id, { sinceMs: null, limit: 100 });
  expect(read.map(({ source, level, text }) => `${source} ${level} ${text}`)).toEqual([
    'hypervisor info qemu: warning',
    'hypervisor info qemu: unfinished',
    'event info it runs',
    'agent warning a TAP is slow',
    'event error VMM ended by signal SIGKILL',
  ]);
  expect(read.map(({ atMs }) => atMs === null)).toEqual([true, true, false, false, false]);
  expect(bench.logs.read(bench.id, { sinceMs: null, limit: 2 }).map(({ text }) => text)).toEqual(['a TAP is slow', 'VMM ended by signal SIGKILL']);
  expect(bench.logs.read(bench.id, { sinceMs: Date.UTC(2027, 0, 1), limit: 100 })).toEqual([]);
  expect(bench.logs.read(bench.id, { sinceMs: read[2]?.atMs ?? 0, limit: 100 }).length).toBe(3);
  expect(() => bench.logs.read(asVmId('none'), { sinceMs: null, limit: 1 })).toThrow('none');
});

test('a watch gives the last lines and then each new one, from all three, until the VM is deleted', async () => {
  using dir = tempDir('logs');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  await using bench = logBench(dir.path);
  writeFileSync(bench.messages, 'old 1\nold 2\n');
  bench.note('started', 'it runs');
  const seen = bench.follow(2);
  const all = bench.follow(100);
  await waitFor('the tail', () => seen.lines.length === 2 && all.lines.length === 3);
  appendFileSync(bench.messages, 'half a li');
  bench.logs.agentMessage(bench.id, 'info', 'from the agent');
  await waitFor('the message', () => seen.texts().includes('from the agent'));
  appendFileSync(bench.messages, 'ne\nnext\n');
  await waitFor('the lines', () => seen.texts().includes('next'));
  bench.note('stopped', 'asked to stop');
  await waitFor('the event', () => seen.texts().includes('asked to stop'));
  expect(seen.texts()).toEqual(['old 2', 'it runs', 'from the agent', 'half a line', 'next', 'asked to stop']);
  expect(seen.lines.slice(1).every(({ atMs }) => atMs !== null)).toBe(true);
  bench.note('deleted', 'gone');
  await waitFor('the end', () => seen.ended && all.ended);
  expect(seen.texts().at(-1)).toBe('gone');
  expect(all.texts()).toEqual(['old 1', 'old 2', 'it runs', 'from the agent', 'half a line', 'next', 'asked to stop', 'gone']);
});

test('a log file that is made, emptied or removed meanwhile is followed; long lines are cut', async () => {
  using dir = tempDir('logs');
  await using bench = logBench(dir.path);
  const seen = bench.follow(10);
  writeFileSync(bench.messages, 'first\n');
  await waitFor('the first line', () => seen.texts().includes('first'));
  truncateSync(bench.messages, 0);
  appendFileSync(bench.messages, 'anew\n');
  await waitFor('the line after the cut', () => seen.texts().includes('anew'));
  rmSync(bench.messages);
  writeFileSync(bench.messages, `${'x'.repeat(500_000)}\nend\n`);
  await waitFor('the end', () => seen.texts().includes('end'));
  expect(seen.texts().slice(0, 2)).toEqual(['first', 'anew']);
  expect(Math.max(...seen.texts().map((text) => text.length))).toBeLessThanOrEqual(2001);
});

test('messages are bounded, for each VM and over all VMs', async () => {
  using dir = tempDir('logs');
  await using bench = logBench(dir.path);
  for (let count = 0; count < 5000; count++) bench.logs.agentMessage(bench.id, 'info', `message ${count}`);
  const texts = () => bench.logs.read(bench.id, { sinceMs: null, limit: 10_000 }).map(({ text }) => text);
  expect(texts().length).toBe(100);
  expect(texts().at(-1)).toBe('message 4999');
  for (let vm = 0; vm < 1000; vm++) bench.logs.agentMessage(asVmId(`vm${vm}`), 'info', 'one');
  expect(texts()).toEqual([]);
});
