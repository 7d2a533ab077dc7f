import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { MvirtError } from '@mvirt/domain/error';

/** unix: a socket's path; else a host and a port. */
export type ServerAddress = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number; tls: boolean };

/** The contract's own. */
const defaultPort = 50_051;

/** http://HOST:PORT, HOST:PORT, https://HOST:PORT, unix:/PATH; without a port the contract's own. @throws INVALID_ARGUMENT */
export function parseServer(text: string, cwd: string): ServerAddress {
  const unix = /^unix:(?:\/\/(?=\/))?(.+)$/.exec(text)?.[1];
  if (unix !== undefined) return { kind: 'unix', path: resolve(cwd, unix) };
  const [, scheme = 'http', authority = ''] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text) ?? [];
  const [, host, port = `${defaultPort}`] = /^(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[a-z0-9][a-z0-9._-]*)(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  const bare = host?.replace(/^\[(.*)\]$/, '$1');
  if (bare === undefined || Number(port) === 0 || Number(port) > 65_535 || (host !== bare && isIP(bare) !== 6)) {
    throw new MvirtError({
      code: 'INVALID_ARGUMENT',
      message: `--server: "${text}" is no address of a server`,
      hint: 'give http://HOST:PORT, HOST:PORT, https://HOST:PORT or unix:/PATH, such as http://[::1]:50051',
    });
  }
  return { kind: 'tcp', host: bare, port: Number(port), tls: scheme === 'https' };
}

/** As messages name it. */
export function urlOf(address: ServerAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${address.tls ? 'https' : 'http'}://${hostText(address.host)}:${address.port}`;
}

/** The address as grpc-js resolves names. */
export function targetOf(address: ServerAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const scheme = { 0: 'dns', 4: 'ipv4', 6: 'ipv6' }[isIP(address.host)];
  return `${scheme}:${hostText(address.host)}:${address.port}`;
}

const hostText = (host: string): string => (host.includes(':') ? `[${host}]` : host);
