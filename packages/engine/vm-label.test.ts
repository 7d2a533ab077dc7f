import { expect, test } from 'bun:test';
import { asVmId, MvirtError } from '@mvirt/domain';
import { hintFor, namingVm } from './vm-label.ts';

const web = { id: asVmId('4f6b2a52-1111-4222-8333-444455556666'), name: 'web' };

test("a hint's commands name the VM, its other words stay", () => {
  expect(hintFor('stop it first: mvirt stop VM, or mvirt kill VM', web)).toBe('stop it first: mvirt stop web, or mvirt kill web');
  expect(hintFor('stop the other VM, or start the VM anew: mvirt start VM', web)).toBe('stop the other VM, or start the VM anew: mvirt start web');
});

test('a failure without a name gets the name, with its code, its hint and its cause', () => {
  const thrown = new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: 'QEMU did not answer stop within 3 s' });
  expect(namingVm(thrown, web)).toMatchObject({
    code: 'HYPERVISOR_UNRESPONSIVE',
    message: 'VM web: QEMU did not answer stop within 3 s',
    hint: "mvirt kill web ends it without the hypervisor's help",
    cause: thrown,
  });
});

test.each([
  ['names the VM already', new MvirtError({ code: 'WRONG_STATE', message: 'VM web is paused', hint: 'resume it: mvirt resume web' })],
  ['names it by its id', new MvirtError({ code: 'VM_NOT_FOUND', message: `VM ${web.id} not found` })],
  ['is about a field', new MvirtError({ code: 'INVALID_ARGUMENT', message: 'path: must be an absolute path' })],
  ['is none of ours', new Error('boom')],
])('what %s stays as it is', (_, thrown) => {
  expect(namingVm(thrown, web)).toBe(thrown);
});
