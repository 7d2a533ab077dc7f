import { expect, test } from 'bun:test';
import { asVmId, MvirtError } from '@mvirt/domain';
import { hintFor, namingVm } from './vm-label.ts';

const web = { id: asVmId('4f6b2a52-1111-4222-8333-444455556666'), name: 'web' };

test("a hint's commands name the VM, its other words stay", () => {
  expect(hintFor('stop it first: mvirt stop VM, or mvirt kill VM', web)).toBe('stop it first: mvirt stop web, or mvirt kill web');
  expect(hintFor('stop the other VM, or start the VM anew: mvirt start VM', web)).toBe('stop the other VM, or start the VM anew: mvirt start web');
});

test.each([
  ['', 'mvirt stop 4f6b2a52-1111-4222-8333-444455556666'],
  ['Ünïcode NAME', 'mvirt stop 4f6b2a52-1111-4222-8333-444455556666'],
  ['-rf', 'mvirt stop 4f6b2a52-1111-4222-8333-444455556666'],
  ['db.1_a', 'mvirt stop db.1_a'],
])('a command for a VM that is called %p can be typed', (name, command) => {
  expect(hintFor('mvirt stop VM', { ...web, name })).toBe(command);
});

test('an id of another daemon is quoted where a shell needs it', () => {
  expect(hintFor('mvirt stop VM', { id: asVmId("it's/../odd"), name: null })).toBe("mvirt stop 'it'\\''s/../odd'");
});

test('a VM without a name, or with an empty one, is named by its id', () => {
  const thrown = new MvirtError({ code: 'UNSUPPORTED', message: 'memory: 0 MiB is too little' });
  for (const name of ['', null]) expect(namingVm(thrown, { ...web, name })).toMatchObject({ message: `VM ${web.id}: memory: 0 MiB is too little` });
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
