import { resolve } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { AgentConfig } from '../config.ts';
import { defaultListen, type ListenAddress, parseListenAddress, showAddress } from './listen-address.ts';

type ListenFlags = {
  listen?: string[] | undefined;
  'grpc-tls-cert'?: string | undefined;
  'grpc-tls-key'?: string | undefined;
  'grpc-tls-ca'?: string | undefined;
};

type Listening = Pick<AgentConfig, 'listen' | 'listenIsDefault' | 'grpcTls'>;

/** What --listen and --grpc-tls-* ask for together. @throws INVALID_ARGUMENT naming the flag */
export function parseListen(flags: ListenFlags, { cwd, socket }: { cwd: string; socket: string }): Listening {
  const given = flags.listen;
  const listen = given === undefined ? [defaultListen] : parseAddresses(given, cwd);
  const grpcTls = parseTls(flags, cwd);
  const open = listen.find((address) => address.kind === 'tcp' && !address.isLoopback);
  if (open !== undefined && grpcTls === null) {
    throw refused(
      `--listen: ${showAddress(open)} can be reached from other hosts, which needs TLS with client certificates`,
      'add --grpc-tls-cert, --grpc-tls-key and --grpc-tls-ca, or listen on [::1] and forward that port, by ssh -L for instance',
    );
  }
  if (grpcTls !== null && !listen.some(({ kind }) => kind === 'tcp')) {
    throw refused('--grpc-tls-cert: certificates are for TCP addresses, and --listen gives none', 'leave --grpc-tls-* out, or add a --listen ADDRESS:PORT');
  }
  if (listen.some((address) => address.kind === 'unix' && address.path === socket)) {
    throw refused(`--listen: unix:${socket} is the agent's own --socket`, 'gRPC needs a socket of its own: give another path');
  }
  return { listen, listenIsDefault: given === undefined, grpcTls };
}

function parseAddresses(given: string[], cwd: string): ListenAddress[] {
  if (given.includes('off')) {
    if (given.length === 1) return [];
    throw refused(`--listen: off stands alone (it was given beside ${given.filter((one) => one !== 'off').join(', ') || 'another off'})`, listenHint);
  }
  const addresses = given.map((text) => {
    const address = parseListenAddress(text, cwd);
    if (typeof address !== 'string') return address;
    throw refused(`--listen: ${address} (it was given as ${text})`, listenHint);
  });
  const shown = addresses.map(showAddress);
  const twice = shown.find((text, index) => shown.indexOf(text) !== index && !text.endsWith(':0'));
  if (twice !== undefined) throw refused(`--listen: ${twice} is given twice`, 'give each address once');
  return addresses;
}

function parseTls(flags: ListenFlags, cwd: string): AgentConfig['grpcTls'] {
  const names = ['grpc-tls-cert', 'grpc-tls-key', 'grpc-tls-ca'] as const;
  const [cert, key, ca] = names.map((name) => flags[name]);
  const missing = names.filter((name) => flags[name] === undefined);
  if (cert !== undefined && key !== undefined && ca !== undefined) return { cert: resolve(cwd, cert), key: resolve(cwd, key), ca: resolve(cwd, ca) };
  if (missing.length === names.length) return null;
  throw refused(
    `--${missing[0]}: is missing: TLS needs the agent's certificate, its key, and the CA that signs its clients' certificates`,
    `give ${missing.map((name) => `--${name} FILE`).join(' and ')} too`,
  );
}

const listenHint = 'such as --listen [::1]:50051, --listen unix:/run/mvirt/grpc.sock (it may be repeated), or --listen off';

const refused = (message: string, hint: string) => new MvirtError({ code: 'INVALID_ARGUMENT', message, hint });
