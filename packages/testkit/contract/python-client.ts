import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../wait-for.ts';
import { protoText } from './proto-text.ts';
import { compileProto, python } from './python.ts';
import type { Generation } from './tables.ts';

/** A message as Python's own JSON of it: contract's names, int64 as text, bytes as base64, enums as numbers; what is not set is missing. */
// biome-ignore lint/suspicious/noExplicitAny: messages of a client that knows no types of ours
export type Message = Record<string, any>;

export type Outcome = { code: string; details: string; trailers: [string, string][] };

/** A client of another make, generated from the contract's tables, in a process of its own; killed when disposed. */
export type PythonClient = AsyncDisposable & {
  readonly child: ChildProcess;
  /** A connection of its own. */
  connect(target: string, options?: [string, string | number][]): Connection;
};

export type CallOptions = { timeoutS?: number };

export type Connection = {
  /** @throws Error where the call fails: see fail() */
  call(method: string, fields?: Message, options?: CallOptions): Promise<Message>;
  /** Of a call that has to fail. */
  fail(method: string, fields?: Message, options?: CallOptions): Promise<Outcome>;
  /** Of a call that may be given up. */
  begin(method: string, fields?: Message, options?: CallOptions): { outcome: Promise<Outcome & { response: Message | null }>; cancel(): void };
  watch(fields?: Message, options?: CallOptions): Stream;
  console(options?: CallOptions): Console;
  close(): void;
};

export type Stream = {
  /** Resolves when the server has taken the call, or ended it. */
  readonly ready: Promise<void>;
  /** What came so far. */
  readonly messages: Message[];
  /** Resolves when that many have come; answers with all. */
  until(count: number): Promise<Message[]>;
  ended(): Promise<Outcome>;
  cancel(): void;
  /** Reads no more, until it goes on. */
  pause(): void;
  resume(): void;
};

export type Console = Stream & {
  /** vmId: in the first message alone. */
  send(text: string | Uint8Array, vmId?: string): void;
  halfClose(): void;
  /** All bytes so far, as latin1. */
  seen(): string;
};

type Line = { id: number; headers?: true; message?: Message; end?: Outcome } & Partial<Outcome & { response: Message | null }>;

const script = fileURLToPath(new URL('./client.py', import.meta.url));
const patienceMs = 20_000;

/** through: argv that runs it elsewhere, or as somebody else. */
export async function openPythonClient(generation: Generation, { through = [] }: { through?: string[] } = {}): Promise<PythonClient> {
  const stubs = compileProto(protoText(generation));
  chmodSync(stubs.path, 0o755);
  const [program = python, ...argv] = [...through, python, '-c', readFileSync(script, 'utf8')];
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, PYTHONPATH: stubs.path, PYTHONDONTWRITEBYTECODE: '1' } });
  const listeners = new Map<number, (line: Line) => void>();
  let stderr = '';
  let ready = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line & { ready?: true };
    if (line.ready) ready = true;
    else listeners.get(line.id)?.(line);
  });
  const closed = once(child, 'close');
  await waitFor(
    'the client in Python',
    () => {
      if (child.exitCode !== null) throw new Error(`the client in Python ended: ${stderr}`);
      return ready;
    },
    { timeoutMs: patienceMs },
  );

  let lastId = 0;
  const tell = (line: Message) => void child.stdin.write(`${JSON.stringify(line)}\n`);
  const listen = (listener: (line: Line) => void): number => {
    lastId += 1;
    listeners.set(lastId, listener);
    return lastId;
  };

  function connect(target: string, options: [string, string | number][] = []): Connection {
    const name = `${target}#${lastId++}`;
    tell({ op: 'connect', name, target, options });

    function begin(method: string, fields: Message = {}, { timeoutS }: CallOptions = {}) {
      const { promise, resolve } = Promise.withResolvers<Outcome & { response: Message | null }>();
      const id = listen(({ code = '', details = '', trailers = [], response = null }) => resolve({ code, details, trailers, response }));
      tell({ op: 'unary', id, on: name, method, fields, timeout: timeoutS ?? null });
      return { outcome: promise, cancel: () => tell({ op: 'cancel', id }) };
    }

    function stream(method: string, fields: Message | null, { timeoutS }: CallOptions): Stream & { id: number } {
      const messages: Message[] = [];
      const { promise: end, resolve } = Promise.withResolvers<Outcome>();
      const { promise: ready, resolve: taken } = Promise.withResolvers<void>();
      const id = listen((line) => {
        if (line.headers) taken();
        if (line.message) messages.push(line.message);
        if (line.end) resolve(line.end);
      });
      tell({ op: 'stream', id, on: name, method, fields, timeout: timeoutS ?? null });
      return {
        id,
        ready,
        messages,
        until: async (count) => {
          await waitFor(`${count} messages of ${method}, of which there are ${messages.length}`, () => messages.length >= count, { timeoutMs: patienceMs });
          return messages;
        },
        ended: () => end,
        cancel: () => tell({ op: 'cancel', id }),
        pause: () => tell({ op: 'pause', id }),
        resume: () => tell({ op: 'resume', id }),
      };
    }

    return {
      begin,
      async call(method, fields, callOptions) {
        const { code, details, response } = await begin(method, fields, callOptions).outcome;
        if (code !== 'OK' || response === null) throw new Error(`${method}: ${code}: ${details}`);
        return response;
      },
      async fail(method, fields, callOptions) {
        const { response, ...outcome } = await begin(method, fields, callOptions).outcome;
        if (outcome.code === 'OK') throw new Error(`${method} was answered: ${JSON.stringify(response)}`);
        return outcome;
      },
      watch: (fields = {}, callOptions = {}) => stream('WatchVms', fields, callOptions),
      console(callOptions = {}) {
        const { id, ...rest } = stream('Console', null, callOptions);
        return {
          ...rest,
          send(data, vmId) {
            const fields = { ...(vmId === undefined ? {} : { vm_id: vmId }), data: Buffer.from(data).toString('base64') };
            tell({ op: 'send', id, method: 'Console', fields });
          },
          halfClose: () => tell({ op: 'half-close', id }),
          seen: () => Buffer.concat(rest.messages.map(({ data = '' }) => Buffer.from(data, 'base64'))).toString('latin1'),
        };
      },
      close: () => tell({ op: 'disconnect', name }),
    };
  }

  return {
    child,
    connect,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
      stubs[Symbol.dispose]();
    },
  };
}
