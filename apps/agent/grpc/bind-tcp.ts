import type { Server } from 'node:net';
import { MvirtError } from '@mvirt/domain';
import type { HostSockets } from '@mvirt/host';
import { showAddress, type TcpAddress } from './listen-address.ts';

/** Listens on a TCP address; answers with it and the port that it got. @throws ADDRESS_IN_USE naming the holder, INVALID_ARGUMENT, DENIED */
export async function bindTcp(server: Server, address: TcpAddress, sockets: Pick<HostSockets, 'tcpListenersOn'>): Promise<TcpAddress> {
  const bound = Promise.withResolvers<void>();
  server.once('error', bound.reject);
  server.listen({ host: address.host, port: address.port }, bound.resolve);
  try {
    await bound.promise;
  } catch (cause) {
    throw await explain(cause, address, sockets);
  } finally {
    server.off('error', bound.reject);
  }
  const own = server.address();
  return own === null || typeof own === 'string' ? address : { ...address, port: own.port };
}

async function explain(cause: unknown, address: TcpAddress, sockets: Pick<HostSockets, 'tcpListenersOn'>): Promise<MvirtError> {
  const shown = showAddress(address);
  const errno = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const message = (why: string) => `--listen: cannot listen on ${shown}: ${why}`;
  if (errno === 'EADDRINUSE') {
    const holder = await holderOf(address.port, sockets);
    return new MvirtError({ code: 'ADDRESS_IN_USE', message: message(`the port is in use${holder}`), cause });
  }
  if (errno === 'EADDRNOTAVAIL' || errno === 'EAFNOSUPPORT' || errno === 'EINVAL') {
    const hint = 'give an address of this host: ip address show lists them; without IPv6 that is 127.0.0.1';
    return new MvirtError({ code: 'INVALID_ARGUMENT', message: message('this host has no such address'), hint, cause });
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    const hint = 'give a port of 1024 or above, or run the agent as root';
    return new MvirtError({ code: 'DENIED', message: message('the kernel refuses it'), hint, cause });
  }
  return new MvirtError({ code: 'INTERNAL', message: message(String(errno ?? cause)), cause });
}

async function holderOf(port: number, sockets: Pick<HostSockets, 'tcpListenersOn'>): Promise<string> {
  try {
    const [holder] = await sockets.tcpListenersOn(port);
    if (holder === undefined) return '';
    return holder.pid === null ? `, by a process of user ${holder.uid}` : `, by process ${holder.pid} (${holder.command ?? 'unknown'})`;
  } catch {
    return ''; // the table cannot be read: the refusal itself is what matters
  }
}
