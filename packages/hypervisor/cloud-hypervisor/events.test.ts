import { expect, test } from 'bun:test';
import { appendFileSync, readFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { makeEventFile, openEventFile } from './event-file.ts';
import { type EventFact, newEventState, readEvent } from './events.ts';

const files = { punchHole: () => 'done' as const };
const text = (source: string, event: string, properties: Record<string, string> | null = null): string =>
  `${JSON.stringify({ timestamp: { secs: 0, nanos: 1 }, source, event, properties }, null, 2)}\n\n`;
const told = (file: { drain(tell: (fact: EventFact) => void): boolean }): EventFact[] => {
  const facts: EventFact[] = [];
  file.drain((fact) => facts.push(fact));
  return facts;
};

test('events of many lines are told once, over any number of readers; one that is cut in the middle waits for its end', () => {
  using dir = tempDir('events');
  const run = { runDir: dir.path, runId: 'r1' };
  const out = dir.join('events-r1.out');
  const first = makeEventFile(run, files);
  const resumed = text('vm', 'resumed');
  appendFileSync(out, text('vmm', 'starting') + text('vm', 'paused') + resumed.slice(0, 40));
  expect(told(first)).toEqual([{ kind: 'guest-paused' }]);
  expect(told(first)).toEqual([]);
  // Its last brace without the empty line behind it may still grow.
  appendFileSync(out, resumed.slice(40, -1));
  expect(told(first)).toEqual([]);
  appendFileSync(out, '\n');
  expect(told(openEventFile(run, files))).toEqual([{ kind: 'guest-resumed' }]);
  expect(told(openEventFile(run, files))).toEqual([]);
});

test('what a full disk cut short is left out, and the next event is read', () => {
  using dir = tempDir('events');
  const run = { runDir: dir.path, runId: 'r1' };
  const file = makeEventFile(run, files);
  appendFileSync(dir.join('events-r1.out'), `{\n  "timestamp": {\n    "secs"\n\n${text('vm', 'device-removed', { id: 'disk-1', bdf: '0000:00:02.0' })}`);
  expect(told(file)).toEqual([{ kind: 'device-removed', device: 'disk-1' }]);
});

test('why a VMM was made to end is kept for the next agent', () => {
  using dir = tempDir('events');
  const run = { runDir: dir.path, runId: 'r1' };
  const file = makeEventFile(run, files);
  file.note({ ...file.state(), ending: 'power-off' });
  appendFileSync(dir.join('events-r1.out'), text('vm', 'shutdown') + text('vmm', 'shutdown'));
  const next = openEventFile(run, files);
  told(next);
  expect(next.state()).toMatchObject({ ending: 'power-off', off: true, vmmEnded: true });
  expect(JSON.parse(readFileSync(dir.join('events-r1.seen'), 'utf8'))).toMatchObject({ state: { off: true } });
});

const fresh = newEventState();
const table: [name: string, event: string, before: typeof fresh, facts: EventFact['kind'][], after: Partial<typeof fresh>][] = [
  ['a refused pause says that it is tried', text('vm', 'pausing'), fresh, [], {}],
  ['a pause that is known', text('vm', 'paused'), { ...fresh, paused: true }, [], { paused: true }],
  ['a reset', text('vm', 'rebooted'), fresh, ['guest-reset'], {}],
  ['a reset of a paused guest lets it run', text('vm', 'rebooted'), { ...fresh, paused: true }, ['guest-reset', 'guest-resumed'], { paused: false }],
  ['a power-off', text('vm', 'shutdown'), fresh, [], { off: true }],
  ['a boot', text('vm', 'booted'), { ...fresh, off: true }, [], { off: false }],
  ['a panic', text('guest', 'panic', { event: 'panic' }), fresh, ['guest-panicked'], { panicked: true }],
  ['a panic that a crash kernel takes over', text('guest', 'panic', { event: 'crash_loaded' }), fresh, [], { panicked: false }],
  ['rubbish', 'no JSON', fresh, [], {}],
  ['JSON that is no event', '[1]', fresh, [], {}],
];

test.each(table)('%s', (_name, record, before, facts, after) => {
  const read = readEvent(record, before);
  expect(read.facts.map(({ kind }) => kind)).toEqual(facts);
  expect(read.state).toEqual({ ...before, ...after });
});
