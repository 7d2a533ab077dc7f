import { describe, expect, test } from 'bun:test';
import { type ExitCause, exitCause } from './exit-cause.ts';
import { maxRestarts, restartDelayMs, restartsAfter } from './restart-policy.ts';
import { type Column, columns, failed, type Outcome, outcomes, sigkill } from './testing/conditions.ts';
import { type Cell, table } from './testing/transition-table.ts';
import { type Circumstances, causeOf, transition, type VmEffect, type VmInput } from './transition.ts';
import { observedStates, type StopWish, type VmCondition } from './vm-condition.ts';

const usual: Circumstances = { policy: 'never', autostart: false, atMs: 1000, ranMs: null };

function effectText(effect: VmEffect): string {
  if (effect.kind === 'arm-stop-timer') return `${effect.kind} ${effect.deadlineAtMs}`;
  return effect.kind === 'arm-restart-timer' ? `${effect.kind} ${effect.dueAtMs}` : effect.kind;
}

/** Reads a cell: plain text to what transition() answers. */
function read(cell: Cell) {
  const [name = '', effects = '', events = ''] = cell.replace(/^=/, '').split(/; ?/);
  const words = (text: string) => text.split(', ').filter((word) => word !== '');
  return { condition: outcomes[name as Outcome], effects: words(effects), events: words(events), changed: !cell.startsWith('=') };
}

for (const cases of Object.values(table)) {
  for (const { input, around, cells } of cases) {
    const { kind, ...rest } = input;
    describe(`${kind} ${JSON.stringify({ ...rest, ...around })}`, () => {
      test.each(Object.entries(cells) as [Column, Cell][])('%s → %s', (column, cell) => {
        const before = structuredClone(columns[column]);
        const result = transition(before, input, { ...usual, ...around });
        expect(before).toEqual(columns[column]);
        if (cell.startsWith('!')) {
          expect(result).toEqual({
            kind: 'refused',
            code: 'WRONG_STATE',
            reason: cell.slice(1),
            hint: expect.stringMatching(/mvirt (start|stop|wait|resume) VM/),
          });
          return;
        }
        if (result.kind === 'refused') throw new Error(`refused: ${result.reason}`);
        expect({
          condition: result.condition,
          effects: result.effects.map((effect) => effectText(effect)),
          events: result.events.map((event) => event.type),
          changed: result.changed,
        }).toEqual(read(cell) as never);
      });
    });
  }
}

test('the table has a column for every observed state', () => {
  expect([...new Set(Object.values(columns).map((column) => column.observed))].toSorted()).toEqual([...observedStates].toSorted());
});

test('every outcome has a stop wish exactly while stopping', () => {
  for (const outcome of Object.values(outcomes)) expect(outcome.stop !== null).toBe(outcome.observed === 'stopping');
});

test('events say what happened, and carry what programs need', () => {
  const events = (from: VmCondition, input: VmInput, around: Partial<Circumstances> = {}) => {
    const result = transition(from, input, { ...usual, ...around });
    return result.kind === 'accepted' ? result.events : [];
  };
  expect(events(columns.running, { kind: 'stop', graceMs: 3000, atMs: 0 })).toEqual([
    { type: 'stopping', message: 'asked to stop', detail: { graceMs: 3000 } },
  ]);
  expect(events(columns.starting, { kind: 'launch-failed', cause: failed })).toEqual([
    { type: 'start-failed', message: 'no such kernel', detail: { cause: 'start-failed', hint: 'look' } },
  ]);
  expect(events(columns.running, { kind: 'ended', cause: sigkill })).toEqual([
    { type: 'stopped', message: 'VMM ended by signal SIGKILL', detail: { cause: 'vmm-signal', hint: null } },
  ]);
  expect(events(columns.running, { kind: 'adopted', paused: null, atMs: 0 })[0]?.message).toContain('not responding');
});

test('a policy gives up after so many restarts in a row, and says how to go on', () => {
  const tired: VmCondition = { ...columns.running, restart: { attempts: maxRestarts, dueAtMs: null } };
  const around = { ...usual, policy: 'always', ranMs: 59_999 } as const;
  const result = transition(tired, { kind: 'ended', cause: sigkill }, around);
  if (result.kind === 'refused') throw new Error(result.reason);
  expect(result.condition).toEqual(outcomes.endSigkill);
  expect(result.effects).toEqual([{ kind: 'clean-up' }]);
  expect(result.events.at(-1)).toEqual({
    type: 'gave-up',
    message: 'given up after 10 restarts in a row: VMM ended by signal SIGKILL',
    detail: { cause: 'vmm-signal', hint: 'start it again: mvirt start VM' },
  });
});

test('restarts wait longer and longer, up to a minute', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 9].map(restartDelayMs)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('no policy starts again what its user stopped', () => {
  for (const kind of ['asked-stop', 'powered-off', 'killed'] as const) expect(restartsAfter('always', { kind })).toBe(false);
  for (const kind of ['guest-panic', 'vmm-exit', 'vmm-signal', 'out-of-memory', 'start-failed', 'not-observable', 'host-reboot'] as const) {
    expect([restartsAfter('never', { kind }), restartsAfter('on-failure', { kind }), restartsAfter('always', { kind })]).toEqual([false, true, true]);
  }
  expect([restartsAfter('on-failure', { kind: 'guest-power-off' }), restartsAfter('always', { kind: 'guest-power-off' })]).toEqual([false, true]);
});

describe('causeOf', () => {
  const asked: StopWish = { by: 'stop', deadlineAtMs: null, poweringOff: false };
  const cut: StopWish = { ...asked, poweringOff: true };
  const kill: StopWish = { by: 'kill', deadlineAtMs: null, poweringOff: true };
  const cases: [seen: ExitCause['kind'], nobody: ExitCause['kind'], asked: ExitCause['kind'], cut: ExitCause['kind'], kill: ExitCause['kind']][] = [
    ['guest-power-off', 'guest-power-off', 'asked-stop', 'asked-stop', 'killed'],
    ['vmm-exit', 'vmm-exit', 'vmm-exit', 'powered-off', 'killed'],
    ['vmm-signal', 'vmm-signal', 'vmm-signal', 'powered-off', 'killed'],
    ['start-failed', 'start-failed', 'powered-off', 'powered-off', 'killed'],
    ['not-observable', 'not-observable', 'not-observable', 'powered-off', 'killed'],
    ['guest-panic', 'guest-panic', 'guest-panic', 'guest-panic', 'guest-panic'],
    ['out-of-memory', 'out-of-memory', 'out-of-memory', 'out-of-memory', 'out-of-memory'],
    ['host-reboot', 'host-reboot', 'host-reboot', 'host-reboot', 'host-reboot'],
    ['asked-stop', 'asked-stop', 'asked-stop', 'powered-off', 'killed'],
    ['powered-off', 'powered-off', 'powered-off', 'powered-off', 'killed'],
    ['killed', 'killed', 'killed', 'powered-off', 'killed'],
  ];
  test.each(cases)('%s: %s; asked to stop: %s; powering off: %s; killed: %s', (kind, ...expected) => {
    const seen = exitCause(kind, 'seen');
    expect([null, asked, cut, kill].map((wish) => causeOf(wish, seen).kind)).toEqual(expected.slice(0, 4) as ExitCause['kind'][]);
    expect(causeOf(null, seen)).toBe(seen);
  });
});
