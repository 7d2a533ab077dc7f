import { expect, test } from 'bun:test';
import type { EndingFacts } from '../ending.ts';
import { type EventState, newEventState } from './events.ts';
import { causeOfEnding } from './exit-cause.ts';

const facts: EndingFacts = { exit: { status: 0, signal: null }, hypervisorTail: 'last words', consoleTail: 'last lines', outOfMemory: null };
const killed = { status: null, signal: 'SIGKILL' } as const;

const table: [name: string, events: Partial<EventState>, change: Partial<EndingFacts>, expected: Record<string, unknown>][] = [
  ["the guest's power-off, seen by an agent", { off: true, vmmEnded: true, ending: 'guest-off' }, {}, { kind: 'guest-power-off', consoleTail: null }],
  ["the guest's power-off, its VMM killed before anybody came", { off: true }, { exit: killed }, { kind: 'guest-power-off' }],
  ['a power-off that was asked for', { off: true, vmmEnded: true, ending: 'power-off' }, {}, { kind: 'powered-off' }],
  ['a power-off whose events were overtaken by the exit', { ending: 'power-off' }, {}, { kind: 'powered-off' }],
  ['a power-off that hung and was killed', { ending: 'power-off' }, { exit: killed }, { kind: 'vmm-signal', signal: 'SIGKILL' }],
  ['SIGTERM', { off: true, vmmEnded: true }, {}, { kind: 'vmm-exit', detail: 'cloud-hypervisor was asked to end by a signal' }],
  ['a panic', { panicked: true, off: true, vmmEnded: true }, {}, { kind: 'guest-panic', consoleTail: 'last lines' }],
  ['a failed reset', {}, { exit: { status: 1, signal: null } }, { kind: 'vmm-exit', exitStatus: 1, hypervisorTail: 'last words' }],
  ['seccomp', {}, { exit: { status: null, signal: 'SIGSYS' } }, { kind: 'vmm-signal', hint: expect.stringContaining('seccomp') }],
  ['the kernel', {}, { exit: killed, outOfMemory: 'Killed process 7' }, { kind: 'out-of-memory' }],
  ['nothing at all', {}, { exit: null }, { kind: 'not-observable' }],
];

test.each(table)('%s', (_name, events, change, expected) => {
  expect(causeOfEnding({ ...newEventState(), ...events }, { ...facts, ...change })).toMatchObject(expected);
});
