import { asVmId } from '@mvirt/domain';
import type { EngineLog, LogFields } from '../log.ts';
import type { VmLogs } from '../log-service.ts';

/** The agent's log, whose lines about a VM are in that VM's own log as well. */
export function sharedLog(log: EngineLog, logs: Pick<VmLogs, 'agentMessage'>): EngineLog {
  const say =
    (method: 'info' | 'warn' | 'error', level: 'info' | 'warning' | 'error') =>
    (message: string, fields: LogFields = {}): void => {
      log[method](message, fields);
      const { vm, error } = fields;
      if (vm !== undefined) logs.agentMessage(asVmId(vm), level, typeof error === 'string' ? `${message}: ${error}` : message);
    };
  return { info: say('info', 'info'), warn: say('warn', 'warning'), error: say('error', 'error') };
}
