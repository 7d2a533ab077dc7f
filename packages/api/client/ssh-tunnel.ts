import { connect, type Socket } from 'node:net';
import { MvirtError } from '@mvirt/domain/error';
import { createCodec } from '../schema/codec.ts';
import { connectable } from './socket-path.ts';
import { fromTrpcError } from './trpc-error.ts';
import { whyUnreachable } from './unreachable.ts';

export type SshTunnelOptions = { socketPath: string; tried?: string[]; signal: AbortSignal };

/**
 * A connection to the SSH server of a VM's guest, by way of the agent; paused, to be read and written as it is.
 * @throws AGENT_UNREACHABLE, DENIED, and what the agent says: VM_NOT_FOUND, WRONG_STATE
 */
export async function openSshTunnel(vm: string, { socketPath, tried, signal }: SshTunnelOptions): Promise<Socket> {
  using place = connectable(socketPath);
  const socket = connect({ path: place.path });
  const leave = () => socket.destroy();
  signal.addEventListener('abort', leave, { once: true });
  try {
    const answered = answerOn(socket);
    socket.write(`GET /ssh/${encodeURIComponent(vm)} HTTP/1.1\r\nHost: agent\r\nConnection: Upgrade\r\nUpgrade: ssh\r\n\r\n`);
    if ((await answered).startsWith('HTTP/1.1 101 ')) return socket;
    throw refusalIn(await readAll(socket));
  } catch (thrown) {
    socket.destroy();
    throw thrown instanceof MvirtError ? thrown : whyUnreachable(socketPath, tried, thrown);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** The head of the agent's answer. What comes behind it stays on the socket. @throws Error where it closes before */
function answerOn(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let heard = Buffer.alloc(0);
  const closed = () => reject(new Error('the connection was closed before it was answered'));
  const hear = (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
    const end = heard.indexOf('\r\n\r\n');
    if (end < 0) return;
    socket.off('data', hear).off('close', closed).off('error', reject).pause();
    const rest = heard.subarray(end + 4);
    if (rest.length > 0) socket.unshift(rest);
    resolve(heard.toString('latin1', 0, end));
  };
  socket.on('data', hear).once('close', closed).once('error', reject);
  return promise;
}

/** By events: Bun 1.4.5's iterator of a socket throws at its end. */
function readAll(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.once('close', () => resolve(Buffer.concat(parts).toString())).once('error', reject);
  socket.resume();
  return promise;
}

/** The agent's refusal, in the form of packages/api/trpc/refusal.ts. */
function refusalIn(body: string): MvirtError {
  try {
    return fromTrpcError(createCodec().deserialize(JSON.parse(body).error));
  } catch (cause) {
    const hint = 'it may be an older one: start it again';
    return new MvirtError({ code: 'UNSUPPORTED', message: 'the agent makes no connections to guests', hint, cause });
  }
}
