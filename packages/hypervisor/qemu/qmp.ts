import { connect, type Socket } from 'node:net';
import { MvirtError } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import { sockets } from '../run-files.ts';
import { createLineSplitter } from './line-splitter.ts';
import { parseLine, type QmpEvent, type QmpLine } from './qmp-replies.ts';

/** QEMU's own refusal of a command. */
export class QmpRefusal extends Error {
  constructor(
    readonly command: string,
    readonly errorClass: string,
    readonly desc: string,
  ) {
    super(`QEMU refused ${command}: ${desc}`);
    this.name = 'QmpRefusal';
  }
}

export type QmpLink = {
  /** Connects where nothing is connected; false: nobody listens. Greeting and negotiation go on by themselves. */
  connect(): Promise<boolean>;
  /** True once the commands can be given; false when the time is over. */
  ready(options: { timeoutMs: number; signal?: AbortSignal }): Promise<boolean>;
  /** @throws QmpRefusal, MvirtError HYPERVISOR_UNRESPONSIVE, HYPERVISOR_ERROR where the line broke. */
  call<T>(command: string, args: Record<string, unknown>, reply: z.ZodType<T>, options: QmpCallOptions): Promise<T>;
  connected(): boolean;
  close(): void;
};

export type QmpCallOptions = { timeoutMs?: number; signal?: AbortSignal };

export type QmpLinkDeps = {
  runDir: string;
  files: Pick<HostFiles, 'shortPath'>;
  clock: Clock;
  /** Anything arrived: QEMU lives and answers. */
  onAnswer: () => void;
  /** A call's time was over. */
  onSilence: () => void;
  onEvent: (event: QmpEvent) => void;
};

const greetingMs = 1000;
const callMs = 3000;
/** The longest replies (query-pci, query-blockstats of the largest VM) have some 60 KiB. */
const maxLineBytes = 4 * 1024 * 1024;

type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void; command: string };

/** The command line to one QEMU. It serves one client at a time: a second one is accepted by the kernel and gets no greeting. */
export function createQmpLink({ runDir, files, clock, onAnswer, onSilence, onEvent }: QmpLinkDeps): QmpLink {
  const waiting = new Map<number, Waiting>();
  const readyWaiters = new Set<() => void>();
  let socket: Socket | null = null;
  let negotiated = false;
  let greeted = false;
  let closed = false;
  let nextId = 1;

  const drop = (from: Socket): void => {
    if (socket !== from) return;
    socket = null;
    negotiated = false;
    greeted = false;
    for (const { reject, command } of waiting.values()) reject(broken(command));
    waiting.clear();
  };

  const send = (command: string, args: Record<string, unknown>, waiter: Waiting): number => {
    const id = nextId++;
    waiting.set(id, waiter);
    socket?.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return id;
  };

  const negotiate = (): void => {
    greeted = true;
    const resolve = () => {
      negotiated = true;
      for (const wake of [...readyWaiters]) wake();
    };
    send('qmp_capabilities', {}, { command: 'qmp_capabilities', resolve, reject: () => socket?.destroy() });
  };

  const receive = (text: string): void => {
    const line = parseLine(text);
    if (line === null) return;
    onAnswer();
    if (line.kind === 'greeting') negotiate();
    else if (line.kind === 'event') onEvent(line.event);
    else if (line.id !== undefined) settle(line.id, line);
  };

  const settle = (id: number, line: Extract<QmpLine, { kind: 'return' | 'error' }>): void => {
    // A reply whose caller has left, or whose time was over, finds nobody waiting.
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (line.kind === 'return') waiter?.resolve(line.value);
    else waiter?.reject(new QmpRefusal(waiter.command, line.class, line.desc));
  };

  const ready: QmpLink['ready'] = ({ timeoutMs, signal }) =>
    new Promise((resolve, reject) => {
      if (negotiated) return resolve(true);
      if (signal?.aborted) return reject(signal.reason);
      const finish = () => {
        readyWaiters.delete(finish);
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', abort);
        resolve(negotiated);
      };
      const abort = () => {
        finish();
        reject(signal?.reason);
      };
      const timer = clock.after(timeoutMs, finish);
      readyWaiters.add(finish);
      signal?.addEventListener('abort', abort, { once: true });
    });

  const unresponsive = (command: string, timeoutMs: number): MvirtError => {
    onSilence();
    return new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: `QEMU did not answer ${command} within ${timeoutMs / 1000} s` });
  };

  const notReady = (): MvirtError => {
    onSilence();
    const why = socket !== null && !greeted ? 'it hangs, or another program holds its qmp.sock' : 'nobody listens on its qmp.sock';
    return new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: `QEMU gave no greeting within ${greetingMs / 1000} s: ${why}` });
  };

  const exchange = (command: string, args: Record<string, unknown>, { timeoutMs = callMs, signal }: QmpCallOptions): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const settle = (act: () => void): void => {
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', abort);
        waiting.delete(id);
        act();
      };
      const abort = () => settle(() => reject(signal?.reason));
      const timer = clock.after(timeoutMs, () => settle(() => reject(unresponsive(command, timeoutMs))));
      signal?.addEventListener('abort', abort, { once: true });
      const id = send(command, args, {
        command,
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      });
    });

  return {
    ready,
    connected: () => socket !== null,
    async connect() {
      if (closed || socket !== null) return !closed;
      const made = await openSocket(files, runDir);
      if (made === null) return false;
      if (closed || socket !== null) {
        made.destroy();
        return !closed;
      }
      socket = made;
      const splitter = createLineSplitter(maxLineBytes);
      made.on('data', (chunk: Buffer) => {
        const lines = splitter.push(chunk);
        if (lines === null) made.destroy();
        else for (const line of lines) receive(line);
      });
      // The close that follows says all that there is to say.
      made.on('error', () => {});
      made.on('close', () => drop(made));
      return true;
    },
    async call(command, args, reply, options) {
      if (closed) throw broken(command);
      if (!(await ready({ timeoutMs: Math.min(greetingMs, options.timeoutMs ?? callMs), ...(options.signal ? { signal: options.signal } : {}) })))
        throw notReady();
      const value = await exchange(command, args, options);
      const parsed = reply.safeParse(value);
      if (parsed.success) return parsed.data;
      throw new MvirtError({ code: 'HYPERVISOR_ERROR', message: `QEMU answered ${command} with something unexpected`, cause: parsed.error });
    },
    close() {
      closed = true;
      const last = socket;
      if (last) drop(last);
      last?.destroy();
      for (const wake of [...readyWaiters]) wake();
    },
  };
}

const broken = (command: string): MvirtError => new MvirtError({ code: 'HYPERVISOR_ERROR', message: `the line to QEMU broke before it answered ${command}` });

/** A Unix socket connects at once or not at all; null: nobody listens, or the run directory is gone. */
async function openSocket(files: QmpLinkDeps['files'], runDir: string): Promise<Socket | null> {
  try {
    using short = files.shortPath(runDir, sockets.qmp);
    const socket = connect({ path: short.path });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve);
    socket.once('error', reject);
    await promise;
    return socket;
  } catch {
    // Why makes no difference: the caller tries again, or says that it does not answer.
    return null;
  }
}
