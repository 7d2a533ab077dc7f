import { apiVersion } from '@mvirt/api/schema/api-version';
import type { MvirtError } from '@mvirt/domain/error';
import { errorTable } from '@mvirt/domain/error-table';
import type { Io } from '../cli/invocation.ts';
import { createPaint } from './colour.ts';
import { printable } from './table.ts';

/** Says what failed, on standard error; answers with the exit status. */
export function reportError(io: Io, json: boolean, error: MvirtError): number {
  const { code, message, hint } = error;
  if (json) io.stderr.write(`${JSON.stringify({ apiVersion, error: { code, message, hint } })}\n`);
  else io.stderr.write(`${createPaint(io.stderr.isTerminal, io.env)('red', 'mvirt:')} ${printable(message)}\nhint: ${printable(hint)}\n`);
  return errorTable[code].exit;
}
