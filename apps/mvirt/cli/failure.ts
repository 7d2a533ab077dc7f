import { fromTrpcError } from '@mvirt/api/client/trpc-error';
import { MvirtError, toMvirtError } from '@mvirt/domain/error';

/** Whatever a command threw, as an error for people. */
export function toCliError(thrown: unknown): MvirtError {
  if (thrown instanceof MvirtError) return thrown;
  if (thrown instanceof Error && thrown.name === 'TRPCClientError') return fromTrpcError(thrown);
  return toMvirtError(thrown);
}
