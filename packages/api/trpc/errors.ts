import { errorTable, invalid, MvirtError } from '@mvirt/domain';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import type { ErrorDocument } from '../schema/index.ts';

type TrpcCode = TRPCError['code'];

/** The MvirtError that a failed call means, whoever threw it. */
export function toMvirtFailure(error: TRPCError): MvirtError {
  const { cause } = error;
  if (cause instanceof MvirtError) return cause;
  if (cause instanceof z.ZodError) return invalid(cause);
  if (cause?.name === 'AbortError') return new MvirtError({ code: 'CANCELLED', message: 'the client has hung up', cause });
  if (error.code === 'INTERNAL_SERVER_ERROR') return new MvirtError({ code: 'INTERNAL', message: error.message, cause });
  return new MvirtError({
    code: 'INVALID_ARGUMENT',
    message: error.message,
    hint: 'mvirt version shows whether client and agent are of the same release',
    cause,
  });
}

/** Whatever a call threw, as tRPC carries it. */
export function toTrpcError(thrown: unknown): TRPCError {
  const error = thrown instanceof TRPCError ? thrown : wrap(thrown);
  const failure = toMvirtFailure(error);
  return new TRPCError({ code: errorTable[failure.code].trpc as TrpcCode, message: failure.message, cause: failure });
}

export function errorDocument(failure: MvirtError): ErrorDocument {
  return { code: failure.code, message: failure.message, hint: failure.hint };
}

function wrap(thrown: unknown): TRPCError {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: cause.message, cause });
}
