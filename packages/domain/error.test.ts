import { expect, test } from 'bun:test';
import { MvirtError, toMvirtError } from './error.ts';
import { errorCodes, errorTable, exitStatus } from './error-table.ts';

test.each(errorCodes)('%s has a hint, a tRPC code, a gRPC status and an exit status of the table', (code) => {
  const row = errorTable[code];
  expect(row.hint.length).toBeGreaterThan(10);
  expect(row.hint).not.toMatch(/[.!]$/);
  expect(row.trpc).toMatch(/^[A-Z_]+$/);
  expect(row.grpc).toMatch(/^[A-Z_]+$/);
  expect(Object.values(exitStatus) as number[]).toContain(row.exit);
  expect(row.exit).not.toBe(exitStatus.done);
  expect(new MvirtError({ code, message: 'm' }).hint).toBe(row.hint);
});

test('an error says what it was told, and keeps its cause', () => {
  const cause = new Error('deep');
  const error = new MvirtError({ code: 'INTERNAL', message: 'm', hint: 'do this', cause });
  expect([error.name, error.code, error.message, error.hint, error.cause]).toEqual(['MvirtError', 'INTERNAL', 'm', 'do this', cause]);
  expect('cause' in new MvirtError({ code: 'INTERNAL', message: 'm' })).toBe(false);
});

test('whatever is thrown becomes one of ours, once', () => {
  const ours = new MvirtError({ code: 'DENIED', message: 'no' });
  expect(toMvirtError(ours)).toBe(ours);
  const other = new TypeError('oops');
  expect(toMvirtError(other)).toMatchObject({ code: 'INTERNAL', message: 'oops', cause: other });
  expect(toMvirtError('text')).toMatchObject({ code: 'INTERNAL', message: 'text' });
});
