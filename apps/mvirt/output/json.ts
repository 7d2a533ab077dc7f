import { apiVersion } from '@mvirt/api/schema/api-version';
import type { Io } from '../cli/invocation.ts';

/** One document, indented on a terminal only. */
export function writeDocument(io: Io, document: Record<string, unknown>): void {
  io.stdout.write(`${JSON.stringify({ apiVersion, ...document }, null, io.stdout.isTerminal ? 2 : undefined)}\n`);
}

/** One object a line, for streams. */
export function writeLine(io: Io, document: Record<string, unknown>): void {
  io.stdout.write(`${JSON.stringify({ apiVersion, ...document })}\n`);
}
