import { fstatSync, readlinkSync } from 'node:fs';
import { type DestinationStream, destination, pino } from 'pino';
import type { AgentConfig } from './config.ts';

/** The agent's log: one JSON object a line, on stderr. Lines about a VM carry its id as `vm`. */
export type AgentLog = Record<'debug' | 'info' | 'warn' | 'error', (message: string, fields?: { vm?: string } & Record<string, unknown>) => void>;

export function createLogger({ level, to = destination({ fd: 2, sync: true }) }: { level: AgentConfig['logLevel']; to?: DestinationStream }): AgentLog {
  const log = pino(
    { level, base: null, messageKey: 'message', timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    to,
  );
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  };
}

/** The plain file that stderr is, which nobody else keeps small; null: a terminal, a pipe, the journal. */
export function ownLogFile(): string | null {
  try {
    return fstatSync(2).isFile() ? readlinkSync('/proc/self/fd/2') : null;
  } catch {
    return null; // closed
  }
}
