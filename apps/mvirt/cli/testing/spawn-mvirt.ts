import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const mainPath = fileURLToPath(new URL('../../main.ts', import.meta.url));

export type Spawned = AsyncDisposable & {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The exit status or the signal, once it has ended and its output is read. */
  ended(): Promise<number | NodeJS.Signals | null>;
};

/** The command line in a process of its own; killed when disposed. */
export function spawnMvirt(argv: string[], env: Record<string, string> = {}): Spawned {
  const child = spawn(process.execPath, [mainPath, ...argv], { stdio: 'pipe', env: { ...process.env, ...env } });
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('latin1').on('data', (text: string) => {
      written[stream] += text;
    });
  }
  const closed = once(child, 'close');
  return {
    child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    async ended() {
      await closed;
      return child.exitCode ?? child.signalCode;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await closed;
    },
  };
}
