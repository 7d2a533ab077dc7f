import type { AgentApi, AgentClient, VmClient } from '@mvirt/api/client';

/** What one run of a command is given. */
export type Invocation = {
  /** The command's name. */
  command: string;
  /** Positional arguments, by their definition's name, lower case. */
  args: Record<string, string[]>;
  /** Options that were given, by name; a switch is ''. */
  options: Record<string, string[]>;
  /** For raw commands: all that follows the command's name. */
  rest: string[];
  json: boolean;
  socketFlag: string | undefined;
  io: Io;
  /** What both doors have; made when first asked. */
  client: () => VmClient;
  /** For single calls that only the agent's own socket takes. */
  api: () => AgentApi;
  /** For such streams: reconnects and resumes; closed when the command ends. */
  live: () => Promise<AgentClient>;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
};

/** The process's own streams and surroundings; tests pass others. */
export type Io = {
  stdout: { write(text: string | Uint8Array): void; isTerminal: boolean; columns: number };
  stderr: { write(text: string): void; isTerminal: boolean };
  stdinIsTerminal: boolean;
  env: Record<string, string | undefined>;
  cwd: string;
};

export const has = (invocation: Invocation, option: string): boolean => invocation.options[option] !== undefined;
export const all = (invocation: Invocation, option: string): string[] => invocation.options[option] ?? [];
export const last = (invocation: Invocation, option: string): string | undefined => invocation.options[option]?.at(-1);
/** A required argument, which parsing has proven to be there. */
export const argument = (invocation: Invocation, name: string): string => invocation.args[name]?.[0] ?? '';
