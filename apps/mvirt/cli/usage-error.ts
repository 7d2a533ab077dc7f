import { MvirtError } from '@mvirt/domain/error';
import { errorTable } from '@mvirt/domain/error-table';

/** Exit status 2; without a command known, named() adds it further up. */
export function usageError(message: string, command?: string): MvirtError {
  return new MvirtError({ code: 'INVALID_ARGUMENT', message, ...(command === undefined ? {} : { hint: hintFor(command) }) });
}

/** The same error with a hint that names the command, where it has none of its own. */
export function named(error: MvirtError, command: string): MvirtError {
  const { code, message, hint } = error;
  if (code !== 'INVALID_ARGUMENT' || hint !== errorTable.INVALID_ARGUMENT.hint) return error;
  return new MvirtError({ code, message, hint: hintFor(command), cause: error });
}

const hintFor = (command: string): string => `mvirt ${command} --help shows what it takes`;
