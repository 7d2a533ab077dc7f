import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { MvirtError } from '@mvirt/domain';
import type { TlsFiles } from './tls-files.ts';

/** TLS on accepted connections: only a client with a certificate of the CA's comes through. Disposed: those under way are cut off. */
export interface Handshakes extends Disposable {
  /** The decrypted connection, and whose certificate it came with. @throws DENIED, TOO_MANY; the socket is closed then */
  shake(socket: Socket): Promise<{ secure: TLSSocket; subject: string }>;
}

const handshakeMs = 10_000;
const maxAtOnce = 1024;

export function createHandshakes(files: TlsFiles, { timeoutMs = handshakeMs } = {}): Handshakes {
  const secureContext: SecureContext = createSecureContext({ cert: files.cert, key: files.key, ca: files.ca, minVersion: 'TLSv1.2' });
  const underWay = new Set<Socket>();
  return {
    async shake(socket) {
      if (underWay.size >= maxAtOnce) {
        socket.destroy();
        throw new MvirtError({ code: 'TOO_MANY', message: `${underWay.size} TLS handshakes are under way` });
      }
      underWay.add(socket);
      try {
        return await shakeHands(socket, secureContext, timeoutMs);
      } catch (error) {
        socket.destroy();
        throw error;
      } finally {
        underWay.delete(socket);
      }
    },
    [Symbol.dispose]() {
      for (const socket of underWay) socket.destroy();
    },
  };
}

async function shakeHands(socket: Socket, secureContext: SecureContext, timeoutMs: number): Promise<{ secure: TLSSocket; subject: string }> {
  const done = Promise.withResolvers<void>();
  const secure = new TLSSocket(socket, { isServer: true, secureContext, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] });
  // Stays, for errors that come later.
  secure.on('error', (error: Error) => done.reject(denied(whyRefused(error))));
  secure.once('close', () => done.reject(denied(wentAway)));
  secure.once('secure', done.resolve);
  const timer = setTimeout(() => done.reject(denied(`no TLS handshake within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    await done.promise;
    // The handshake refuses such clients by itself; a runtime that did not would let everybody in.
    if (!secure.authorized) throw denied('its certificate was not accepted');
    return { secure, subject: subjectOf(secure) };
  } catch (error) {
    secure.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function subjectOf(secure: TLSSocket): string {
  const { subject } = secure.getPeerCertificate();
  const { CN } = subject ?? {};
  return Array.isArray(CN) ? CN.join(', ') : (CN ?? 'a certificate without a name');
}

const wentAway = 'it went away during the TLS handshake';

function whyRefused({ message }: Error): string {
  if (message.includes('PEER_DID_NOT_RETURN_A_CERTIFICATE')) return 'it came without a certificate';
  if (message === 'socket hang up') return wentAway;
  if (/HTTP_REQUEST|WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL/.test(message)) return `it does not speak TLS (${message})`;
  return `its certificate or handshake was not accepted: ${message}`;
}

const denied = (message: string) =>
  new MvirtError({ code: 'DENIED', message, hint: "connect with a certificate that the agent's --grpc-tls-ca has signed (docs/grpc.md)" });
