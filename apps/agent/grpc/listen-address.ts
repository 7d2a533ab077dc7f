import { isIPv4, isIPv6 } from 'node:net';
import { resolve } from 'node:path';

/** Where gRPC clients are answered. */
export type ListenAddress = TcpAddress | { kind: 'unix' /** Absolute, of any length. */; path: string };

/** port 0: one that the kernel chooses. isLoopback: nobody on another host can connect to it. */
export type TcpAddress = { kind: 'tcp'; host: string; port: number; isLoopback: boolean };

/** Bytes of a path that fit into a socket's address: sun_path less its NUL. */
export const maxSocketBytes = 107;

/** The contract's own address. */
export const defaultListen: TcpAddress = { kind: 'tcp', host: '::1', port: 50_051, isLoopback: true };

/** For people, as --listen takes it. */
export const showAddress = (address: ListenAddress): string => {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
};

/** `[::1]:50051`, `127.0.0.1:50051` or `unix:PATH`; a word that says what is wrong with it otherwise. Names are never resolved. */
export function parseListenAddress(text: string, cwd: string): ListenAddress | string {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length), cwd);
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined) return 'must be [::1]:PORT, 127.0.0.1:PORT, unix:PATH or off';
  if (port > 65_535) return 'has a port that is above 65535';
  if (inBrackets !== undefined) {
    return isIPv6(inBrackets) ? { kind: 'tcp', host: inBrackets, port, isLoopback: isLoopback6(inBrackets) } : 'has no IPv6 address in its brackets';
  }
  if (plain === 'localhost') return 'localhost may be [::1] or 127.0.0.1, and each client chooses: give one of them, or both in two --listen';
  if (plain === undefined || !isIPv4(plain)) return 'must begin with an address of this host: names are not looked up';
  return { kind: 'tcp', host: plain, port, isLoopback: plain.startsWith('127.') };
}

function parseUnix(path: string, cwd: string): ListenAddress | string {
  if (path === '') return 'names no path behind unix:';
  if (path.includes('\0')) return 'has a NUL in its path';
  if (Buffer.byteLength(path) > maxSocketBytes) return `is longer than the ${maxSocketBytes} bytes that a socket address holds`;
  // unix:///run/x is how gRPC's own names have an absolute path.
  return { kind: 'unix', path: resolve(cwd, path.replace(/^\/\/\//, '/')) };
}

/** ::1 in any spelling, and 127.0.0.0/8 mapped into IPv6. */
function isLoopback6(host: string): boolean {
  const [address = '', zone] = host.split('%');
  if (zone !== undefined) return false;
  const plain = new URL(`http://[${address}]`).hostname;
  return plain === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:/.test(plain);
}
