import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AgentApi, createOneShot } from '@mvirt/api/client';
import type { TempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

export type AgentProcess = AsyncDisposable & {
  readonly pid: number;
  readonly socketPath: string;
  readonly api: AgentApi;
  stdout(): string;
  stderr(): string;
  /** Sends a signal and waits for the end; answers with exit status or signal. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** Resolves when it has ended by itself. */
  ended(): Promise<number | NodeJS.Signals | null>;
};

const entry = fileURLToPath(new URL('../../apps/mvirt/main.ts', import.meta.url));

export type AgentProcessOptions = {
  /** What runs it, such as a network namespace's `enter`. */
  through?: string[];
  /** What stands before the command line (default: Bun and the sources), such as the built executable. */
  program?: string[];
  /** It may take the default gRPC address: it is alone in its network namespace. */
  defaultListen?: boolean;
};

/**
 * A real agent in a process of its own on `dir`/data; killed when disposed, its VMs are the test's to end. It listens for no gRPC clients unless the
 * flags say so: agents of tests that run at the same time would want the same port.
 */
export function spawnAgent(
  dir: TempDir,
  flags: string[] = [],
  { through = [], program = [process.execPath, entry], defaultListen = false }: AgentProcessOptions = {},
): AgentProcess {
  const socketPath = dir.join('agent.sock');
  const argv = [...program, 'agent', '--config', 'none', '--data-dir', dir.join('data'), '--socket', socketPath, '--hypervisor', 'qemu', ...flags];
  if (!defaultListen && !flags.includes('--listen')) argv.push('--listen', 'off');
  const [first = '', ...args] = [...through, ...argv];
  const child: ChildProcess = spawn(first, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  const closed = once(child, 'close');
  const ended = async () => {
    await closed;
    return child.exitCode ?? child.signalCode;
  };
  return {
    pid: child.pid ?? 0,
    socketPath,
    api: createOneShot({ socketPath }),
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    async end(signal) {
      child.kill(signal);
      return await ended();
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await closed;
    },
  };
}

/** The same, once it answers. @throws Error with what it wrote, where it ends instead */
export async function startAgent(dir: TempDir, flags: string[] = [], options: AgentProcessOptions = {}): Promise<AgentProcess> {
  const agent = spawnAgent(dir, flags, options);
  let over = false;
  agent.ended().then(
    () => (over = true),
    () => (over = true),
  );
  await waitFor('the agent to be ready', () => over || agent.stdout().includes('is ready on'));
  if (over) throw new Error(`the agent ended: ${agent.stderr()}`);
  return agent;
}

/** The kernel's command line of a process; null once it is gone. */
export function commandLineOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || null;
  } catch {
    // It has ended.
    return null;
  }
}
