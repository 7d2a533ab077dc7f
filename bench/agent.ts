import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentClient, createAgentClient } from '@mvirt/api/client';
import { median } from './figures.ts';

const built = join(import.meta.dir, '../dist/mvirt');

/** The executable where it has been built (npm run build), else the sources. */
export const mvirtArgv = existsSync(built) ? [built] : [process.execPath, join(import.meta.dir, '../apps/mvirt/main.ts')];

export type BenchAgent = AsyncDisposable & {
  readonly pid: number;
  readonly socketPath: string;
  readonly client: AgentClient;
  /** Runs `mvirt ARGS` to its end, and answers with its stdout. @throws Error where it fails */
  mvirt(...args: string[]): string;
  end(signal: NodeJS.Signals): Promise<void>;
};

/** An agent on `dir`/data, asked on `dir`/agent.sock; the VMs are the caller's to end. */
export async function startAgent(dir: string): Promise<BenchAgent> {
  const socketPath = join(dir, 'agent.sock');
  const [program = '', ...args] = [...mvirtArgv, 'agent', '--data-dir', join(dir, 'data'), '--socket', socketPath, '--listen', 'off'];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited.then(() => Promise.reject(new Error('the agent ended')))]);
  const client = createAgentClient({ socketPath });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    socketPath,
    client,
    mvirt: (...command) => run([...mvirtArgv, '--socket', socketPath, ...command]),
    end,
    async [Symbol.asyncDispose]() {
      await client.close();
      if (child.exitCode === null && child.signalCode === null) await end('SIGTERM');
    },
  };
}

/** @throws Error with what it wrote to stderr */
export function run([program = '', ...args]: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** How long the executable takes to do nothing (`--version`), ms: the start of its runtime, and its end. */
export function ownStart(rounds: number): number {
  const took = Array.from({ length: rounds }, () => {
    const began = performance.now();
    run([...mvirtArgv, '--version']);
    return performance.now() - began;
  });
  return median(took);
}

/** What a process holds in memory, MiB (VmRSS). */
export const rssMib = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** User and system time of a process so far, ms (its stat counts hundredths of a second). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** How often each of its threads went to sleep by itself so far: each time is a wake-up. */
export const wakeUps = (pid: number): Map<string, number> =>
  new Map(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      return [thread, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])];
    }),
  );
