import { MvirtError } from '@mvirt/domain/error';
import type { CommandDefinition } from '../commands/definition.ts';
import { commands } from '../commands/registry.ts';
import type { Connection } from './connection.ts';
import { readBytes } from './files.ts';
import type { Io } from './invocation.ts';
import { usageError } from './usage-error.ts';

export type ServerFlags = Record<'server' | 'tlsCa' | 'tlsCert' | 'tlsKey', string | undefined>;

/** The server that was asked for; null: none. @throws INVALID_ARGUMENT for flags that do not go together, and for what cannot be had over gRPC */
export function serverAsked(flags: ServerFlags, socketFlag: string | undefined, command: CommandDefinition | 'ui'): string | null {
  const { server, tlsCa, tlsCert, tlsKey } = flags;
  const tls = tlsCa ?? tlsCert ?? tlsKey;
  if (server === undefined) {
    if (tls !== undefined) throw usageError('--tls-ca, --tls-cert and --tls-key are for --server https://HOST:PORT');
    return null;
  }
  if (socketFlag !== undefined) throw usageError('--server and --socket name two agents: give one of them');
  if (command === 'ui' || !command.overGrpc) throw notOverGrpc(command === 'ui' ? 'the full-screen UI' : command.name);
  if (tls !== undefined && !server.startsWith('https://'))
    throw usageError('--tls-ca, --tls-cert and --tls-key are for a server whose URL begins with https://');
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw usageError('--tls-cert and --tls-key are given together or not at all');
  return server;
}

function notOverGrpc(what: string): MvirtError {
  const names = commands.filter(({ overGrpc }) => overGrpc).map(({ name }) => name);
  const hint = `leave out --server to ask the agent of this host; over gRPC there are ${names.join(', ')}`;
  return new MvirtError({ code: 'INVALID_ARGUMENT', message: `${what}: cannot be had over gRPC`, hint });
}

/** To a server that speaks gRPC; what was opened is closed by `closing`. @throws INVALID_ARGUMENT, FILE_NOT_FOUND */
export async function toServer(url: string, { tlsCa, tlsCert, tlsKey }: ServerFlags, { cwd }: Io, closing: AsyncDisposableStack): Promise<Connection> {
  const read = async (flag: string, path: string | undefined) => (path === undefined ? null : await readBytes(path, cwd, flag));
  const [ca, cert, key] = await Promise.all([read('--tls-ca', tlsCa), read('--tls-cert', tlsCert), read('--tls-key', tlsKey)]);
  const { createGrpcVmClient, parseServer } = await import('@mvirt/api/client/grpc');
  const tls = { ca, identity: cert === null || key === null ? null : { cert, key } };
  const client = closing.use(createGrpcVmClient({ address: parseServer(url, cwd), tls }));
  return { client: () => client, api: ofAgentAlone, live: ofAgentAlone };
}

/** No command that speaks gRPC comes here. */
function ofAgentAlone(): never {
  throw new MvirtError({ code: 'INTERNAL', message: "this is had from the agent's own socket alone" });
}
