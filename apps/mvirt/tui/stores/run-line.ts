import { type AgentApi, createTrpcVmClient } from '@mvirt/api/client';
import { MvirtError } from '@mvirt/domain';
import { toCliError } from '../../cli/failure.ts';
import type { Invocation, Io } from '../../cli/invocation.ts';
import type { Parsed } from '../../cli/parse.ts';
import { named } from '../../cli/usage-error.ts';

export type ParsedCommand = Extract<Parsed, { kind: 'command' }>;

/** text: all that the command wrote. */
export type LineResult = { ok: boolean; text: string };

/** Runs a command of the command line in here. @throws MvirtError */
export type RunLine = (parsed: ParsedCommand, options: { signal: AbortSignal }) => Promise<LineResult>;

/** The command line's own code, over the UI's connection, with what it writes kept. */
export function createRunLine(deps: { api: AgentApi; cwd: string; env: Record<string, string | undefined> }): RunLine {
  return async ({ command, invocation }, { signal }) => {
    let text = '';
    const write = (data: string | Uint8Array): void => {
      text += typeof data === 'string' ? data : Buffer.from(data).toString();
    };
    const io: Io = {
      stdout: { write, isTerminal: false, columns: 80 },
      stderr: { write, isTerminal: false },
      stdinIsTerminal: false,
      env: deps.env,
      cwd: deps.cwd,
    };
    const connection = { api: () => deps.api, live: () => Promise.reject(endless) };
    const complete: Invocation = { ...invocation, ...connection, client: () => createTrpcVmClient(connection), command: command.name, io, signal };
    try {
      const { run } = await command.load();
      return { ok: (await run(complete)) === 0, text };
    } catch (error) {
      throw named(toCliError(error), command.name);
    }
  };
}

const endless = new MvirtError({ code: 'UNSUPPORTED', message: 'this command goes on until it is interrupted', hint: 'run it in a shell' });
