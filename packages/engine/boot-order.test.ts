import { expect, test } from 'bun:test';
import { asVmId, exitCause, newCondition, type VmCondition, type VmSpec } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import { bootOrder, startsAtBoot } from './boot-order.ts';

let made = 0;
function vm(name: string, spec: Partial<VmSpec>, condition: Partial<VmCondition> = {}): StoredVm {
  made += 1;
  return {
    id: asVmId(name),
    name,
    spec: vmSpec(spec),
    unknownKeys: {},
    condition: { ...newCondition(), ...condition },
    pendingSpec: null,
    createdAtMs: made,
    startedAtMs: null,
    endedAtMs: null,
    run: null,
    revision: 1,
  };
}

const autostart = (order: number, delayMs = 0): Partial<VmSpec> => ({ autostart: { order, delayMs } });
const owed: Partial<VmCondition> = { wanted: 'running' };
const ended = (kind: Parameters<typeof exitCause>[0]): Partial<VmCondition> => ({ cause: exitCause(kind, 'seen') });

test('a boot starts what was up and what comes up with the host, and nothing that its user stopped', () => {
  expect(startsAtBoot(vm('new', autostart(0)))).toBe(true);
  expect(startsAtBoot(vm('no autostart', {}))).toBe(false);
  expect(startsAtBoot(vm('was up', {}, owed))).toBe(true);
  expect(startsAtBoot(vm('powered off by its guest', autostart(0), ended('guest-power-off')))).toBe(true);
  expect(startsAtBoot(vm('panicked', autostart(0), ended('guest-panic')))).toBe(true);
  for (const kind of ['asked-stop', 'powered-off', 'killed'] as const) expect(startsAtBoot(vm(kind, autostart(0), ended(kind)))).toBe(false);
  expect(startsAtBoot(vm('drained', autostart(0), { ...owed, ...ended('asked-stop') }))).toBe(true);
  expect(startsAtBoot(vm('up', autostart(0), { observed: 'running', wanted: 'running' }))).toBe(false);
});

test('by order, then by age, each after the pause of the one before it; those without an order come last', () => {
  const vms = [
    vm('plain', {}, owed),
    vm('second', autostart(2, 3000)),
    vm('first', autostart(1, 10_000)),
    vm('second too', autostart(2)),
    vm('plain too', {}, owed),
  ];
  expect(bootOrder(vms, 1000).map(({ vm, atMs }) => [vm.name, atMs])).toEqual([
    ['first', 1000],
    ['second', 11_000],
    ['second too', 14_000],
    ['plain', 14_000],
    ['plain too', 14_000],
  ]);
});
