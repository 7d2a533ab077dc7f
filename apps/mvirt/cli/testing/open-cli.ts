import { expect } from 'bun:test';
import { rmSync } from 'node:fs';
import { commandDocuments, documentOf } from '@mvirt/api/schema';
import { createTrpcServer } from '@mvirt/api/trpc';
import { type Bench, type BenchOptions, openBench } from '@mvirt/testkit/engine/bench';
import { doubleStatus } from '@mvirt/testkit/serve-double';
import type { Io } from '../invocation.ts';
import { runCli } from '../main.ts';

export type Ran = { status: number; stdout: string; stderr: string };

/** The command line in this process, with flags of its own before each command. */
export type Cli = {
  mvirt(...argv: string[]): Promise<Ran>;
  /** With --json: the document on standard output, proven to be what the command's schema says. */
  json(...argv: string[]): Promise<Record<string, unknown>>;
  /** With --json, of a command that fails: its status and the error's document. */
  jsonError(...argv: string[]): Promise<{ status: number; code: string; message: string; hint: string }>;
};

/** The same on a real engine with a fake hypervisor, over a real Unix socket. */
export type CliBench = Cli &
  AsyncDisposable & {
    readonly bench: Bench;
    readonly socketPath: string;
    /** The agent is not there any more; its socket's file too, unless it stays. */
    hangUp(options?: { socket?: 'stays' }): void;
    /** Another agent on the same engine. */
    listen(): Promise<void>;
  };

export async function openCli(options: BenchOptions = {}): Promise<CliBench> {
  const bench = await openBench(options);
  const socketPath = bench.dir.join('agent.sock');
  const defects: string[] = [];
  let server: ReturnType<typeof createTrpcServer> | null = null;
  const listen = async () => {
    server = createTrpcServer({
      services: bench.engine(),
      status: () => doubleStatus,
      peerOf: () => null,
      onDefect: (failure, at) => defects.push(`${at}: ${failure.message}`),
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.http.once('error', reject).listen(socketPath, resolve);
    await promise;
  };
  const hangUp: CliBench['hangUp'] = ({ socket } = {}) => {
    server?.close();
    server = null;
    if (socket !== 'stays') rmSync(socketPath, { force: true });
  };
  await listen();
  return {
    ...cliWith(['--socket', socketPath], bench.dir.path),
    bench,
    socketPath,
    hangUp,
    listen,
    async [Symbol.asyncDispose]() {
      hangUp();
      await bench[Symbol.asyncDispose]();
      expect(defects).toEqual([]);
    },
  };
}

export function cliWith(flags: string[], cwd: string): Cli {
  const mvirt = (...argv: string[]) => runCaptured([...flags, ...argv], cwd);
  return {
    mvirt,
    async json(...argv) {
      const { stdout, stderr } = await mvirt(...argv, '--json');
      if (stdout === '') throw new Error(`no document of ${argv.join(' ')}: ${stderr}`);
      return checked(documentOf(argv), JSON.parse(stdout));
    },
    async jsonError(...argv) {
      const { status, stdout, stderr } = await mvirt(...argv, '--json');
      expect(stdout).toBe('');
      return { status, ...(checked('error', JSON.parse(stderr)) as { error: { code: string; message: string; hint: string } }).error };
    },
  };
}

/** The document, proven to have the keys of its schema and no other. */
export function checked(name: keyof typeof commandDocuments, document: unknown): Record<string, unknown> {
  expect(commandDocuments[name].parse(document) as unknown).toEqual(document);
  return document as Record<string, unknown>;
}

/** Runs a command line in this process without a terminal. */
export async function runCaptured(argv: string[], cwd: string, env: Record<string, string> = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const keep = (stream: keyof typeof written) => (data: string | Uint8Array) => {
    written[stream] += typeof data === 'string' ? data : Buffer.from(data).toString();
  };
  const io: Io = {
    stdout: { write: keep('stdout'), isTerminal: false, columns: 80 },
    stderr: { write: keep('stderr'), isTerminal: false },
    stdinIsTerminal: false,
    env,
    cwd,
  };
  const status = await runCli(argv, io);
  return { status, ...written };
}
