import { expect, test } from 'bun:test';
import { errorCodes, errorTable, MvirtError } from '@mvirt/domain';
import { TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { z } from 'zod';
import { fromTrpcError } from '../client/index.ts';
import { toMvirtFailure, toTrpcError } from './errors.ts';

test.each(errorCodes)('%s becomes a code that tRPC knows', (code) => {
  const error = toTrpcError(new MvirtError({ code, message: 'it failed' }));
  expect<string>(error.code).toBe(errorTable[code].trpc);
  expect(Object.keys(TRPC_ERROR_CODES_BY_KEY)).toContain(error.code);
  expect(error.message).toBe('it failed');
  expect(toMvirtFailure(error)).toMatchObject({ code, message: 'it failed', hint: errorTable[code].hint });
});

test('a bad input names its field', () => {
  const parsed = z.strictObject({ vcpus: z.int().min(1, 'must be at least 1') }).safeParse({ vcpus: 0 });
  const error = new TRPCError({ code: 'BAD_REQUEST', cause: parsed.error });
  expect(toMvirtFailure(error)).toMatchObject({ code: 'INVALID_ARGUMENT', message: 'vcpus: must be at least 1' });
});

test('what is no MvirtError is INTERNAL, whatever was thrown', () => {
  for (const thrown of [new TypeError('x is undefined'), 'x is undefined', new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'x is undefined' })]) {
    expect(toMvirtFailure(toTrpcError(thrown))).toMatchObject({ code: 'INTERNAL', message: 'x is undefined' });
  }
});

test('a call that is not known says to compare releases', () => {
  const failure = toMvirtFailure(new TRPCError({ code: 'NOT_FOUND', message: 'No procedure found on path "vm.fly"' }));
  expect(failure.code).toBe('INVALID_ARGUMENT');
  expect(failure.hint).toContain('mvirt version');
});

test('a client takes a code that it does not know as INTERNAL, words kept', () => {
  const told = Object.assign(new Error('boom'), { data: { mvirt: { code: 'OF_TOMORROW', message: 'boom', hint: 'wait' } } });
  expect(fromTrpcError(told)).toMatchObject({ code: 'INTERNAL', message: 'boom', hint: 'wait' });
});
