import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain';
import type { HypervisorReport } from '@mvirt/hypervisor';
import { createFakeHypervisor } from '@mvirt/testkit/fake-hypervisor';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import { createDriverChoice } from './driver-choice.ts';

/** cloud-hypervisor first, as the agent has them. */
function choiceOf(report: Partial<HypervisorReport>, preferred: 'auto' | 'cloud-hypervisor' = 'auto') {
  const first = createFakeHypervisor({ kind: 'cloud-hypervisor' });
  first.setReport(report);
  return createDriverChoice({ drivers: [first, createFakeHypervisor({ kind: 'qemu' })], preferred });
}
const crawls = { usable: false, slow: true, notes: ['kvm: too slow'] };

test('auto takes the first that is usable', async () => {
  expect((await choiceOf({}).choose(vmSpec())).kind).toBe('cloud-hypervisor');
  expect((await choiceOf({ usable: false, version: null }).choose(vmSpec())).kind).toBe('qemu');
});

test('one that crawls is for those who name it: a VM, or the agent itself', async () => {
  const choice = choiceOf(crawls);
  expect((await choice.choose(vmSpec())).kind).toBe('qemu');
  expect((await choice.choose(vmSpec({ hypervisor: 'cloud-hypervisor' }))).kind).toBe('cloud-hypervisor');
  expect(choice.known('auto')).toBe('qemu');
  expect(choice.known('cloud-hypervisor')).toBe('cloud-hypervisor');
  expect((await choiceOf(crawls, 'cloud-hypervisor').choose(vmSpec())).kind).toBe('cloud-hypervisor');
});

test('one that runs nothing is refused by name, with what its trial showed', async () => {
  await expect(
    choiceOf({ usable: false, notes: ['kvm: /dev/kvm does not exist on this host'] }).choose(vmSpec({ hypervisor: 'cloud-hypervisor' })),
  ).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'cloud-hypervisor cannot run a guest here (kvm: /dev/kvm does not exist on this host)',
  });
});

test('auto passes over one that cannot run the spec where another can; a name is taken at its word', async () => {
  const needy = createFakeHypervisor({ kind: 'cloud-hypervisor' });
  needy.check = () => {
    throw new MvirtError({ code: 'UNSUPPORTED', message: 'firmware: must be given' });
  };
  const qemu = createFakeHypervisor({ kind: 'qemu' });
  const both = createDriverChoice({ drivers: [needy, qemu], preferred: 'auto' });
  expect((await both.choose(vmSpec())).kind).toBe('qemu');
  expect(both.knownFor(vmSpec())).toBe('qemu');
  expect((await both.choose(vmSpec({ hypervisor: 'cloud-hypervisor' }))).kind).toBe('cloud-hypervisor');
  const alone = createDriverChoice({ drivers: [needy], preferred: 'auto' });
  expect((await alone.choose(vmSpec())).kind).toBe('cloud-hypervisor');
});
