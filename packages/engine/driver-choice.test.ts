import { expect, test } from 'bun:test';
import type { HypervisorReport } from '@mvirt/hypervisor';
import { createFakeHypervisor } from '@mvirt/testkit/fake-hypervisor';
import { createDriverChoice } from './driver-choice.ts';

/** cloud-hypervisor first, as the agent has them. */
function choiceOf(report: Partial<HypervisorReport>, preferred: 'auto' | 'cloud-hypervisor' = 'auto') {
  const first = createFakeHypervisor({ kind: 'cloud-hypervisor' });
  first.setReport(report);
  return createDriverChoice({ drivers: [first, createFakeHypervisor({ kind: 'qemu' })], preferred });
}
const crawls = { usable: false, slow: true, notes: ['kvm: too slow'] };

test('auto takes the first that is usable', async () => {
  expect((await choiceOf({}).choose('auto')).kind).toBe('cloud-hypervisor');
  expect((await choiceOf({ usable: false, version: null }).choose('auto')).kind).toBe('qemu');
});

test('one that crawls is for those who name it: a VM, or the agent itself', async () => {
  const choice = choiceOf(crawls);
  expect((await choice.choose('auto')).kind).toBe('qemu');
  expect((await choice.choose('cloud-hypervisor')).kind).toBe('cloud-hypervisor');
  expect(choice.known('auto')).toBe('qemu');
  expect(choice.known('cloud-hypervisor')).toBe('cloud-hypervisor');
  expect((await choiceOf(crawls, 'cloud-hypervisor').choose('auto')).kind).toBe('cloud-hypervisor');
});

test('one that runs nothing is refused by name, with what its trial showed', async () => {
  await expect(choiceOf({ usable: false, notes: ['kvm: /dev/kvm does not exist on this host'] }).choose('cloud-hypervisor')).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'cloud-hypervisor cannot run a guest here (kvm: /dev/kvm does not exist on this host)',
  });
});
