import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { MvirtError } from '@mvirt/domain/error';

/** PEM; null: the system's own authorities, no certificate of ours. */
export type Tls = { ca: Buffer | null; identity: { cert: Buffer; key: Buffer } | null };

/** For a server that is called by this host name or address. @throws INVALID_ARGUMENT where a file is not what it should be */
export function secureChannel({ ca, identity }: Tls, host: string): { credentials: ChannelCredentials; options: ChannelOptions } {
  // TLS names no addresses to the server, and grpc-js would: it gets a name that nobody has, and the certificate is compared with the address.
  const byAddress = isIP(host) !== 0;
  const verify = byAddress ? { checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate) } : {};
  pem('--tls-ca', () => credentials.createSsl(ca));
  return {
    credentials: pem('--tls-cert, --tls-key', () => credentials.createSsl(ca, identity?.key, identity?.cert, verify)),
    options: byAddress ? { 'grpc.ssl_target_name_override': 'address.invalid' } : {},
  };
}

function pem<T>(flags: string, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    const hint = 'give certificates and keys as PEM, as openssl writes them';
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `${flags}: no PEM that can be used`, hint, cause });
  }
}
