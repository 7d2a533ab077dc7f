import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, constants, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { createFakeClock } from '@mvirt/testkit/fake-clock';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { makeEventFile, openEventFile } from './event-file.ts';
import type { EventFact } from './events.ts';
import { createLineEvents } from './line-events.ts';

const files = {
  punchHole: () => 'done' as const,
  makeFifo: (path: string) => {
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
  },
};
const runIn = (dir: TempDir) => ({ runDir: dir.path, runId: 'r1' });
const event = (name: string, seconds: number, data?: object): string =>
  `${JSON.stringify({ event: name, timestamp: { seconds, microseconds: 0 }, ...(data && { data }) })}\r\n`;
const ready = '{"QMP": {"version": {}, "capabilities": []}}\r\n{"return": {}}\r\n';

function drained(file: { drain(tell: (fact: EventFact) => void): void }): string[] {
  const kinds: string[] = [];
  file.drain((fact) => kinds.push(fact.kind));
  return kinds;
}

function fifoHolds(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const bytes = Buffer.alloc(256);
  try {
    return bytes.subarray(0, readSync(fd, bytes)).toString();
  } finally {
    closeSync(fd);
  }
}

test('the FIFO holds its command until QEMU has taken it', () => {
  using dir = tempDir('events');
  using file = makeEventFile(runIn(dir), files);
  expect(fifoHolds(dir.join('events-r1.in'))).toBe('{"execute":"qmp_capabilities"}\n');
  appendFileSync(dir.join('events-r1.out'), ready);
  expect(drained(file)).toEqual([]);
  expect(fifoHolds(dir.join('events-r1.in'))).toBe('');
});

test('each event is told once, over any number of readers, and half a line waits for its end', () => {
  using dir = tempDir('events');
  const out = dir.join('events-r1.out');
  {
    using first = makeEventFile(runIn(dir), files);
    const resume = event('RESUME', 20);
    appendFileSync(out, ready + event('STOP', 10) + resume.slice(0, 9));
    expect(drained(first)).toEqual(['guest-paused']);
    expect(drained(first)).toEqual([]);
    appendFileSync(out, resume.slice(9));
    expect(drained(first)).toEqual(['guest-resumed']);
  }
  appendFileSync(out, event('RESET', 30, { guest: true, reason: 'guest-reset' }));
  {
    using second = openEventFile(runIn(dir), files);
    expect(drained(second)).toEqual(['guest-reset']);
  }
  // The firmware's own reset, read by another agent: it still belongs to the one told before.
  appendFileSync(out, event('RESET', 30, { guest: true }) + event('SHUTDOWN', 40, { guest: true, reason: 'guest-shutdown' }));
  using third = openEventFile(runIn(dir), files);
  expect(drained(third)).toEqual([]);
  expect(third.state().shutdown).toBe('guest-shutdown');
});

test('where the note of what was told is lost or spoilt, all is read again', () => {
  using dir = tempDir('events');
  using first = makeEventFile(runIn(dir), files);
  appendFileSync(dir.join('events-r1.out'), ready + event('STOP', 10));
  expect(drained(first)).toEqual(['guest-paused']);
  expect(JSON.parse(readFileSync(dir.join('events-r1.seen'), 'utf8'))).toMatchObject({ state: { paused: true } });
  rmSync(dir.join('events-r1.seen'));
  using second = openEventFile(runIn(dir), files);
  expect(drained(second)).toEqual(['guest-paused']);
});

test('a run whose files are gone tells nothing and throws nothing', () => {
  using dir = tempDir('events');
  using file = openEventFile(runIn(dir), files);
  expect(drained(file)).toEqual([]);
  expect(file.state().shutdown).toBeNull();
});

test('what was told is given back to the filesystem', () => {
  using dir = tempDir('events');
  const punched: number[] = [];
  using file = makeEventFile(runIn(dir), {
    ...files,
    punchHole: (_path, length) => {
      punched.push(length);
      return 'done';
    },
  });
  const many = event('RTC_CHANGE', 10).repeat(20_000);
  appendFileSync(dir.join('events-r1.out'), many);
  drained(file);
  expect(punched).toEqual([many.length]);
});

test('an event that came by the line is told where the file was taken away, or does not have it; and once', async () => {
  using dir = tempDir('events');
  using file = makeEventFile(runIn(dir), files);
  const clock = createFakeClock();
  const kinds: string[] = [];
  const tell = (fact: EventFact) => void kinds.push(fact.kind);
  const drain = () => void file.drain(tell);
  using lines = createLineEvents({ clock, events: file, drain, tell });
  const at = (name: string, seconds: number) => ({ event: name, data: {}, atMs: seconds * 1000 });
  const out = dir.join('events-r1.out');
  // The file has it: before the line, or soon after.
  appendFileSync(out, event('STOP', 1));
  lines.hear(at('STOP', 1));
  expect(kinds.splice(0)).toEqual(['guest-paused']);
  lines.hear(at('RESUME', 2));
  expect(kinds).toEqual([]);
  appendFileSync(out, event('RESUME', 2));
  await clock.advance(1000);
  expect(kinds.splice(0)).toEqual(['guest-resumed']);
  // A full disk swallowed it; what came after it waits for it.
  lines.hear(at('STOP', 3));
  await clock.advance(100);
  lines.hear(at('RESUME', 4));
  await clock.advance(150);
  expect(kinds.splice(0)).toEqual(['guest-paused', 'guest-resumed']);
  // Late, it is no news.
  appendFileSync(out, event('STOP', 3));
  drain();
  expect(kinds).toEqual([]);
  // At the end nobody waits.
  lines.hear({ ...at('SHUTDOWN', 5), data: { reason: 'guest-shutdown' } });
  lines.flush();
  expect(file.state().shutdown).toBe('guest-shutdown');
  rmSync(out);
  lines.hear(at('STOP', 6));
  expect(kinds).toEqual(['guest-paused']);
  expect(clock.pending()).toBe(0);
});
