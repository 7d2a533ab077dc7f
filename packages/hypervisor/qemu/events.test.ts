import { expect, test } from 'bun:test';
import { type EventFact, type EventState, newEventState, readEvent } from './events.ts';
import type { QmpEvent } from './qmp-replies.ts';

type Said = [atMs: number, event: string, data?: QmpEvent['data']];

function read(...said: Said[]): { facts: EventFact['kind'][]; state: EventState } {
  let state = newEventState();
  const facts: EventFact['kind'][] = [];
  for (const [atMs, event, data = {}] of said) {
    const step = readEvent(state, { event, data, atMs: 1_000_000 + atMs });
    state = step.state;
    facts.push(...step.facts.map((fact) => fact.kind));
  }
  return { facts, state };
}

const byHost = { guest: false, reason: 'host-qmp-system-reset' };
const byGuest = { guest: true, reason: 'guest-reset' };

test('a reset by the host and all that SeaBIOS adds to it are one (times as measured)', () => {
  expect(read([254, 'RESET', byHost], [307, 'RESET', byGuest], [310, 'RESET', byGuest], [326, 'RESET', byGuest]).facts).toEqual(['guest-reset']);
});

test("a guest's own reset with a long tail is one, and the next one is told again", () => {
  const tail: Said[] = [721, 842, 850, 899, 907, 962, 972, 1075, 1102].map((atMs) => [atMs, 'RESET', byGuest]);
  expect(read(...tail).facts).toEqual(['guest-reset']);
  expect(read(...tail, [2200, 'RESET', byGuest], [2260, 'RESET', byGuest]).facts).toEqual(['guest-reset', 'guest-reset']);
});

test('two resets that the host asked for are two, however close', () => {
  expect(read([0, 'RESET', byHost], [30, 'RESET', byHost]).facts).toEqual(['guest-reset', 'guest-reset']);
});

test('a guest that resets for ever is told of again and again', () => {
  const loop: Said[] = Array.from({ length: 40 }, (_, index) => [index * 400, 'RESET', byGuest]);
  expect(read(...loop).facts).toHaveLength(4);
});

test('a reset while paused is one: the firmware resets only once the VM runs again', () => {
  const { facts } = read([0, 'STOP'], [7, 'RESET', byHost], [60_000, 'RESUME'], [60_052, 'RESET', byGuest], [60_054, 'RESET', byGuest]);
  expect(facts).toEqual(['guest-paused', 'guest-reset', 'guest-resumed']);
});

test('a pause long after a reset does not hide the next one', () => {
  expect(read([0, 'RESET', byGuest], [10_000, 'STOP'], [11_000, 'RESUME'], [11_200, 'RESET', byGuest]).facts).toEqual([
    'guest-reset',
    'guest-paused',
    'guest-resumed',
    'guest-reset',
  ]);
});

test('pause and resume are told when they change something', () => {
  expect(read([0, 'RESUME'], [1, 'STOP'], [2, 'STOP'], [3, 'RESUME'], [4, 'RESUME']).facts).toEqual(['guest-paused', 'guest-resumed']);
});

test('a panic is told, and the stop on its way out is no pause', () => {
  const { facts, state } = read([0, 'GUEST_PANICKED'], [0, 'STOP'], [1, 'SHUTDOWN', { guest: true, reason: 'guest-panic' }]);
  expect(facts).toEqual(['guest-panicked']);
  expect(state).toMatchObject({ panicked: true, shutdown: 'guest-panic' });
});

test('of the two events of a removal the one that names the device counts', () => {
  const first = readEvent(newEventState(), { event: 'DEVICE_DELETED', data: {}, atMs: 0 });
  expect(first.facts).toEqual([]);
  const second = readEvent(first.state, { event: 'DEVICE_DELETED', data: { device: 'disk-1' }, atMs: 1 });
  expect(second.facts).toEqual([{ kind: 'device-removed', device: 'disk-1' }]);
});

test('events that say nothing to us change nothing', () => {
  expect(read([0, 'POWERDOWN'], [1, 'RTC_CHANGE'], [2, 'NIC_RX_FILTER_CHANGED'])).toEqual({ facts: [], state: newEventState() });
});
