/** The agent's own log. `vm` in the fields is a VM's id: such lines are shown by that VM's log, too. */
export interface EngineLog {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = { vm?: string } & Record<string, unknown>;
