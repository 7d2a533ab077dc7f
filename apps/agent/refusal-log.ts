import type { AgentLog } from './logger.ts';

const burst = 20;
const spanMs = 1000;

/** Warnings that a stranger can cause: at most 20 a second, so that he cannot fill the log; the next line says how many were left out. */
export function createRefusalLog(log: AgentLog, nowMs: () => number): AgentLog['warn'] {
  let since = Number.NEGATIVE_INFINITY;
  let said = 0;
  let leftOut = 0;
  return (message, fields) => {
    const elapsedMs = nowMs() - since;
    if (elapsedMs >= spanMs || elapsedMs < 0) {
      if (leftOut > 0) log.warn(`${leftOut} more connections were refused`);
      [since, said, leftOut] = [nowMs(), 0, 0];
    }
    if (said >= burst) leftOut += 1;
    else log.warn(message, fields);
    said += 1;
  };
}
