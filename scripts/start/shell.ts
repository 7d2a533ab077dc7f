// Running our own command line, and finding processes again.
import { join } from 'node:path';

export const root = join(import.meta.dir, '../..');
/** Relative to the checkout, which is everybody's working directory here: a socket's path may have 107 bytes only. */
export const socket = 'tmp/agent.sock';
export const dataDir = 'tmp/data';
export const agentLog = 'tmp/agent.log';
export const mvirtProgram = [process.execPath, join(root, 'apps/mvirt/main.ts')];

export type Ended = { status: number; stdout: string; stderr: string };

export async function run(argv: string[], options: { signal?: AbortSignal } = {}): Promise<Ended> {
  const child = Bun.spawn(argv, { cwd: root, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', ...options });
  const [stdout, stderr, status] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { status, stdout, stderr };
}

/** `mvirt ARGS` against the agent of this checkout. */
export const mvirt = (...args: string[]): Promise<Ended> => run([...mvirtProgram, '--socket', socket, ...args]);

/** The same, where anything but success ends the start. */
export async function mustMvirt(...args: string[]): Promise<string> {
  const ended = await mvirt(...args);
  if (ended.status !== 0) throw new Error(`mvirt ${args.join(' ')} failed:\n${ended.stderr.trim()}`);
  return ended.stdout;
}

export const say = (line: string): void => console.error(`mvirt: ${line}`);

/** Polls a named condition. @throws after timeoutMs, naming it. */
export async function until<T>(what: string, timeoutMs: number, condition: () => Promise<T | null> | T | null): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== null) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain: ${what}`);
    await Bun.sleep(50);
  }
}
