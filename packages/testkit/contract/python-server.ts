import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../wait-for.ts';
import { protoText } from './proto-text.ts';
import { compileProto, python } from './python.ts';
import type { Message } from './python-client.ts';
import type { Generation } from './tables.ts';

/** A stand-in for the existing daemon of one generation, of another make, in a process of its own; killed when disposed. */
export type PythonServer = AsyncDisposable & {
  /** host:port. */
  readonly target: string;
  readonly pid: number;
  /** The create and stop requests that it has had, and at a console's end all that was typed into it. */
  readonly heard: { method: string; request: Message }[];
  /** Dies by -9. */
  kill(): Promise<void>;
};

const script = fileURLToPath(new URL('./server.py', import.meta.url));

export async function openPythonServer(generation: Generation): Promise<PythonServer> {
  const stubs = compileProto(protoText(generation));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PYTHONPATH: stubs.path, PYTHONDONTWRITEBYTECODE: '1' } });
  const heard: PythonServer['heard'] = [];
  let port: number | null = null;
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as { port: number } | PythonServer['heard'][number];
    if ('port' in line) port = line.port;
    else heard.push(line);
  });
  const closed = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  await waitFor('the server in Python', () => port);
  return {
    target: `[::1]:${port}`,
    pid: child.pid ?? 0,
    heard,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      stubs[Symbol.dispose]();
    },
  };
}
