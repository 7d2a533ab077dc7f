import { MvirtError } from '@mvirt/domain';

/** Exit status 2, with the command that explains. */
export function usageError(message: string, command?: string): MvirtError {
  return new MvirtError({ code: 'INVALID_ARGUMENT', message, hint: `mvirt ${command ? `${command} ` : ''}--help shows what it takes` });
}
