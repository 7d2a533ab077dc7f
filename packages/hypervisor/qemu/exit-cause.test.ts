import { expect, test } from 'bun:test';
import { causeOfEnding, type Ending } from './exit-cause.ts';

const ending: Ending = {
  events: { shutdown: null, panicked: false },
  exit: { status: 0, signal: null },
  hypervisorTail: 'last words',
  consoleTail: 'last lines',
  outOfMemory: null,
};
const shutdown = (reason: string) => ({ shutdown: reason, panicked: false });
const killed = { status: null, signal: 'SIGKILL' } as const;

const table: [name: string, change: Partial<Ending>, expected: Record<string, unknown>][] = [
  ["the guest's power-off", { events: shutdown('guest-shutdown') }, { kind: 'guest-power-off', exitStatus: 0, consoleTail: null }],
  ["the guest's power-off whose VMM was killed on its way out", { events: shutdown('guest-shutdown'), exit: killed }, { kind: 'guest-power-off' }],
  ["the guest's power-off whose shim died", { events: shutdown('guest-shutdown'), exit: null }, { kind: 'guest-power-off' }],
  ['a quit', { events: shutdown('host-qmp-quit') }, { kind: 'powered-off' }],
  ['a panic', { events: { shutdown: 'guest-panic', panicked: true } }, { kind: 'guest-panic', consoleTail: 'last lines' }],
  ['a panic that was cut short', { events: { shutdown: null, panicked: true }, exit: killed }, { kind: 'guest-panic' }],
  ['SIGTERM', { events: shutdown('host-signal') }, { kind: 'vmm-exit', detail: 'QEMU was asked to end by a signal' }],
  ['SIGKILL', { exit: killed }, { kind: 'vmm-signal', signal: 'SIGKILL', hint: expect.stringContaining('journalctl -k | grep -i oom') }],
  ['SIGKILL by the kernel', { exit: killed, outOfMemory: 'Out of memory: Killed process 7 (qemu)' }, { kind: 'out-of-memory', signal: 'SIGKILL' }],
  ['a refused system call', { exit: { status: null, signal: 'SIGSYS' } }, { kind: 'vmm-signal', hint: expect.stringContaining('seccomp') }],
  ['an exit status', { exit: { status: 1, signal: null } }, { kind: 'vmm-exit', exitStatus: 1, hypervisorTail: 'last words' }],
  ['status 0 without a word', {}, { kind: 'vmm-exit', exitStatus: 0, detail: expect.stringContaining('gave no reason') }],
  ['nothing at all', { exit: null, events: null }, { kind: 'not-observable', consoleTail: 'last lines' }],
];

test.each(table)('%s', (_name, change, expected) => {
  expect(causeOfEnding({ ...ending, ...change })).toMatchObject(expected);
});
