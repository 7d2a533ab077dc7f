import { expect, test } from 'bun:test';
import { toMvirtError } from './error.ts';
import { asVmId } from './vm-id.ts';
import { resolveVm } from './vm-resolve.ts';

const vms = [
  { id: asVmId('abcd1111'), name: 'web' },
  { id: asVmId('abcd2222'), name: 'db' },
  { id: asVmId('cafe3333'), name: 'abcd1111x' },
  { id: asVmId('beef4444'), name: 'cafe' },
  { id: asVmId('feed5555'), name: 'twin' },
  { id: asVmId('feed6666'), name: 'twin' },
  { id: asVmId('dead7777'), name: null },
];

const resolve = (reference: string, careful = false) => {
  try {
    return String(resolveVm(vms, reference, { careful }).id);
  } catch (thrown) {
    return toMvirtError(thrown).code;
  }
};

test('an id, then a name, then a prefix of four or more', () => {
  expect(resolve('abcd1111')).toBe('abcd1111');
  expect(resolve('web')).toBe('abcd1111');
  expect(resolve('abcd2')).toBe('abcd2222');
  expect(resolve('dead')).toBe('dead7777');
  expect(resolve('dea')).toBe('VM_NOT_FOUND');
  expect(resolve('')).toBe('VM_NOT_FOUND');
  expect(resolve('WEB')).toBe('VM_NOT_FOUND');
});

test('what may be several is ambiguous; a name that is a prefix too, only where care is asked for', () => {
  expect(resolve('abcd')).toBe('AMBIGUOUS_VM');
  expect(resolve('twin')).toBe('AMBIGUOUS_VM');
  expect(resolve('cafe')).toBe('beef4444');
  expect(resolve('cafe', true)).toBe('AMBIGUOUS_VM');
  expect(() => resolveVm(vms, 'abcd', { careful: false })).toThrow('abcd may be any of web (abcd1111), db (abcd2222)');
});
