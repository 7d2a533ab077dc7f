import type { Socket } from 'node:net';
import { type MvirtError, toMvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Admission } from '../admission.ts';
import { admitByCertificate, admitLoopback, admitUnix } from '../admit.ts';
import type { AgentConfig } from '../config.ts';
import { createConnectionCount } from '../connections.ts';
import { createFront } from '../front.ts';
import { listen } from '../listen.ts';
import type { AgentLog } from '../logger.ts';
import { bindTcp } from './bind-tcp.ts';
import type { GrpcDoor } from './grpc-on-demand.ts';
import { createHandshakes, type Handshakes } from './handshake.ts';
import { type ListenAddress, showAddress, type TcpAddress } from './listen-address.ts';
import type { TlsFiles } from './tls-files.ts';

export type GrpcDoorsDeps = {
  config: Pick<AgentConfig, 'listen' | 'listenIsDefault'>;
  /** What --grpc-tls-* named, read; null: no TLS. */
  tls: TlsFiles | null;
  host: Pick<Host, 'sockets' | 'files'>;
  admission: Admission;
  /** Whose members may use root's Unix socket; null: nobody else. */
  groupId: number | null;
  grpc: Pick<GrpcDoor, 'accept'>;
  log: AgentLog;
  /** Warnings that a stranger can cause. */
  warn: AgentLog['warn'];
};

/** Disposed: nobody new comes in; those who are in are the server's to end. */
export type GrpcDoors = Disposable & { addresses: ListenAddress[] };

/** Connections of one user, or of one address from other hosts, at once, through all doors. */
const maxConnections = 256;

/** Opens every address of --listen, or none. A default that cannot be had is a warning. @throws what listen() and bindTcp() throw */
export async function openGrpcDoors(deps: GrpcDoorsDeps): Promise<GrpcDoors> {
  const { config, tls, log } = deps;
  using opened = new DisposableStack();
  const open = createOpener(deps, tls === null ? null : opened.use(createHandshakes(tls)));
  const addresses: ListenAddress[] = [];
  for (const address of config.listen) {
    const door = config.listenIsDefault && address.kind === 'tcp' ? await openDefault(open, address, log) : await open(address);
    if (door === null) continue;
    opened.use(door);
    addresses.push(door.address);
  }
  const doors = opened.move();
  return { addresses, [Symbol.dispose]: () => doors.dispose() };
}

type Door = Disposable & { address: ListenAddress };
type Opener = (address: ListenAddress) => Promise<Door>;

/** Nobody asked for it, and an agent is more than its gRPC clients. */
async function openDefault(open: Opener, address: TcpAddress, log: AgentLog): Promise<Door | null> {
  const failed = (thrown: unknown): MvirtError => toMvirtError(thrown);
  const first = await open(address).catch(failed);
  if (!(first instanceof Error)) return first;
  if (first.code !== 'INVALID_ARGUMENT') return without(first, log);
  const second = await open({ ...address, host: '127.0.0.1' }).catch(failed);
  if (second instanceof Error) return without(second, log);
  log.warn(`gRPC clients are answered on ${showAddress(second.address)}: ${first.message}`, { hint: first.hint });
  return second;
}

function without(error: MvirtError, log: AgentLog): null {
  log.warn(`gRPC clients are not answered: ${error.message}`, { code: error.code, hint: error.hint });
  return null;
}

function createOpener({ host, admission, groupId, grpc, warn }: GrpcDoorsDeps, handshakes: Handshakes | null): Opener {
  const { sockets, files } = host;
  const connections = createConnectionCount(maxConnections);

  const plain = async (socket: Socket) => {
    await grpc.accept(socket);
    socket.resume();
  };
  const secured =
    (name: string, { shake }: Handshakes) =>
    async (socket: Socket) => {
      const from = `${socket.remoteAddress} port ${socket.remotePort}`;
      try {
        await grpc.accept((await shake(socket)).secure);
      } catch (thrown) {
        const { code, message } = toMvirtError(thrown);
        warn(`${name} connection from ${from} refused: ${message}`, { code });
      }
    };
  // A client that reads an HTTP/2 goodbye believes that it was connected, and comes back at once; one that reads nothing waits longer each time.
  const common = { connections, warn, refusal: () => null };

  return async (address) => {
    const name = `gRPC ${showAddress(address)}`;
    using opened = new DisposableStack();
    if (address.kind === 'unix') {
      const front = opened.use(createFront({ ...common, name, admit: admitUnix({ sockets, admission }), serve: plain }));
      opened.use(await listen({ server: front.server, files, path: address.path, groupId, flag: '--listen unix:PATH' }));
      return asDoor(address, opened.move());
    }
    const { isLoopback } = address;
    const front =
      handshakes === null
        ? createFront({ ...common, name, admit: admitLoopback({ sockets, admission }), serve: plain })
        : createFront({ ...common, name, admit: admitByCertificate({ sockets, isLoopback }), serve: secured(name, handshakes) });
    opened.use(front);
    return asDoor(await bindTcp(front.server, address, sockets), opened.move());
  };
}

const asDoor = (address: ListenAddress, opened: DisposableStack): Door => ({ address, [Symbol.dispose]: () => opened.dispose() });
