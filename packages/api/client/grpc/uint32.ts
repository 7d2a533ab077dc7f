import { MvirtError } from '@mvirt/domain/error';

const max = 2 ** 32 - 1;

/** A number that fits into the contract's field; it would be cut off without a word. @throws INVALID_ARGUMENT */
export function uint32(value: number, what: string): number {
  if (value <= max) return value;
  throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `${what}: ${value} is more than gRPC can carry`, hint: `give at most ${max}` });
}
