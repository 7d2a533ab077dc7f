import { readFile } from 'node:fs/promises';
import { MvirtError } from '@mvirt/domain';
import { parseTcpTable, type TcpEnd, type TcpLine, tcpState } from './tcp-table.ts';

/** Both tables as text, of the network namespace that we are in. */
export type ReadTcpTables = () => Promise<{ tcp: string; tcp6: string }>;

/** Looks sockets up in the kernel's tables; whoever asks while a reading is under way shares the next one. */
export interface TcpOwners {
  /** The sockets at `client` that are connected to `server`, as the tables have them at some time after the call. @throws DENIED */
  connected(client: TcpEnd, server: TcpEnd): Promise<TcpLine[]>;
  /** The sockets that listen on a port. @throws DENIED */
  listening(port: number): Promise<TcpLine[]>;
}

type Lookup = { keys: string[]; found: PromiseWithResolvers<TcpLine[]> };

export function createTcpOwners(read: ReadTcpTables = readTcpTables): TcpOwners {
  let waiting: Lookup[] = [];
  let reading = false;

  const readOn = async (): Promise<void> => {
    reading = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const { tcp, tcp6 } = await read();
        const byKey = Map.groupBy([...select(tcp, batch), ...select(tcp6, batch)], keyOf);
        for (const { keys, found } of batch) found.resolve(keys.flatMap((key) => byKey.get(key) ?? []));
      } catch (cause) {
        const error = unreadable(cause);
        for (const { found } of batch) found.reject(error);
      }
    }
    reading = false;
  };

  return {
    connected(client, server) {
      const keys = [`${client.v6} ${server.v6}`];
      if (client.v4 !== null && server.v4 !== null) keys.push(`${client.v4} ${server.v4}`);
      const found = Promise.withResolvers<TcpLine[]>();
      waiting.push({ keys, found });
      if (!reading) void readOn();
      return found.promise;
    },
    async listening(port) {
      const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
      const { tcp, tcp6 } = await read().catch((cause: unknown) => {
        throw unreadable(cause);
      });
      return [tcp, tcp6].flatMap((text) => parseTcpTable(text, (local) => local.endsWith(ending))).filter(({ state }) => state === tcpState.listen);
    },
  };
}

const keyOf = ({ local, remote }: { local: string; remote: string }): string => `${local} ${remote}`;

function select(text: string, batch: readonly Lookup[]): TcpLine[] {
  const wanted = new Set(batch.flatMap(({ keys }) => keys));
  return parseTcpTable(text, (local, remote) => wanted.has(`${local} ${remote}`));
}

const unreadable = (cause: unknown) =>
  new MvirtError({
    code: 'DENIED',
    message: `the kernel's table of TCP sockets cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'connect through a Unix socket instead: mvirt agent --listen unix:PATH',
    cause,
  });

/** `self`, and not a thread's: the agent's own namespace. A kernel without IPv6 has no tcp6. */
async function readTcpTables(): Promise<{ tcp: string; tcp6: string }> {
  const [tcp, tcp6] = await Promise.all([readFile('/proc/self/net/tcp', 'latin1'), readFile('/proc/self/net/tcp6', 'latin1').catch(emptyWhereMissing)]);
  return { tcp, tcp6 };
}

function emptyWhereMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '  sl  local_address \n';
  throw error;
}
