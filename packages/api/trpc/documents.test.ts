import { expect, test } from 'bun:test';
import { exitCause } from '@mvirt/domain';
import { doubleVm } from '@mvirt/testkit/double-services';
import { vmSchema } from '../schema/index.ts';
import { toVm } from './documents.ts';

const vm = doubleVm('vm-1', 'web');

test('a VM as clients see it', () => {
  const document = toVm(vm);
  expect(vmSchema.strict().parse(document)).toEqual(document);
  expect(document).toMatchObject({
    id: 'vm-1',
    name: 'web',
    state: 'stopped',
    memoryBytes: 536_870_912,
    createdAt: '2023-11-14T22:13:20.000Z',
    lastExit: null,
    pending: null,
  });
});

test('the last end has its time, cause and hint', () => {
  const cause = exitCause('vmm-signal', 'VMM ended by signal SIGKILL', { hint: 'look at the log' });
  const document = toVm({ ...vm, condition: { ...vm.condition, cause }, endedAtMs: 1_700_000_001_000 });
  expect(document.lastExit).toEqual({ at: '2023-11-14T22:13:21.000Z', cause: 'vmm-signal', detail: 'VMM ended by signal SIGKILL', hint: 'look at the log' });
});

test('pending holds what the next start changes and nothing else', () => {
  expect(toVm({ ...vm, pendingSpec: { ...vm.spec, vcpus: 2, memoryMib: 1024 } }).pending).toEqual({ vcpus: 2, memoryBytes: 1_073_741_824 });
  expect(toVm({ ...vm, pendingSpec: vm.spec }).pending).toBeNull();
});

test('what the hypervisor cannot do is said by action; devices of a stopped VM can always be changed', () => {
  const capabilities = { pause: 'not here', reboot: null, hotplugDisk: 'no slots', hotplugNic: null, resize: null, snapshot: 'none yet', blockStats: null };
  expect(toVm({ ...vm, capabilities }).unavailable).toEqual({ pause: 'not here', resume: 'not here', snapshot: 'none yet' });
  const running = { ...vm, capabilities, condition: { ...vm.condition, observed: 'running' as const } };
  expect(toVm(running).unavailable).toMatchObject({ 'attach-disk': 'no slots', 'detach-disk': 'no slots' });
});
