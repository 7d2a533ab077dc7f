import { connect, type Socket } from 'node:net';
import type { Clock } from '@mvirt/domain';

export type SshPortDeps = { clock: Clock; signal?: AbortSignal | undefined };

const sshPort = 22;
const connectMs = 5_000;
/** A guest that is busy booting takes its time to say its first word. */
const wordMs = 15_000;

/** 'ssh', or what happened instead, for people (RFC 4253, 4.2: the server speaks first). */
async function sshAnswer(address: string, { clock, signal }: SshPortDeps): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: address, port: sshPort });
  let timer = clock.after(connectMs, () => resolve('no answer'));
  const leave = () => resolve('given up');
  signal?.addEventListener('abort', leave, { once: true });
  let heard = '';
  socket.once('connect', () => {
    timer[Symbol.dispose]();
    timer = clock.after(wordMs, () => resolve('accepts connections, and says nothing'));
  });
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
    // Lines may come before the one that begins so.
    if (/^SSH-\d/m.test(heard)) resolve('ssh');
    else if (heard.length > 1024) resolve('what listens on port 22 speaks no SSH');
  });
  socket.on('error', (error) => resolve(plain(error)));
  socket.on('close', () => resolve('closed without a word'));
  try {
    return await promise;
  } finally {
    timer[Symbol.dispose]();
    signal?.removeEventListener('abort', leave);
    socket.destroy();
  }
}

/** The first of the addresses that an SSH server answers at; else what happened at each, for people. */
export async function firstAnswer(addresses: readonly string[], deps: SshPortDeps): Promise<{ address: string } | { answers: string[] }> {
  const over = new AbortController();
  const signal = deps.signal === undefined ? over.signal : AbortSignal.any([deps.signal, over.signal]);
  const first = Promise.withResolvers<{ address: string }>();
  const ask = async (address: string): Promise<string> => {
    const answer = await sshAnswer(address, { ...deps, signal });
    if (answer === 'ssh') first.resolve({ address });
    return `${address}: ${answer}`;
  };
  const all = Promise.all(addresses.map(ask)).then((answers) => ({ answers }));
  try {
    return await Promise.race([first.promise, all]);
  } finally {
    over.abort();
  }
}

/** A connection to the SSH port, to be read and written as it is. @throws Error as node:net says it */
export async function openSshPort(address: string, { clock, signal }: SshPortDeps): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: address, port: sshPort });
  const timer = clock.after(connectMs, () => reject(new Error('no answer')));
  const leave = () => reject(new Error('given up'));
  signal?.addEventListener('abort', leave, { once: true });
  socket.once('connect', () => resolve(socket));
  socket.once('error', (error) => reject(new Error(plain(error), { cause: error })));
  try {
    return await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    timer[Symbol.dispose]();
    signal?.removeEventListener('abort', leave);
  }
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'nobody has this address',
  ENETUNREACH: 'the host has no way there',
  ETIMEDOUT: 'no answer',
};

const plain = (error: NodeJS.ErrnoException): string => words[error.code ?? ''] ?? error.message;
