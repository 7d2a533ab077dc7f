import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { AgentConfig } from '../config.ts';

/** PEM texts that were read and fit together. */
export type TlsFiles = { cert: string; key: string; ca: string; warnings: string[] };

/** Reads the certificates; a new one takes effect when the agent is started anew. @throws INVALID_ARGUMENT naming the flag and the file */
export function readTlsFiles(paths: NonNullable<AgentConfig['grpcTls']>, nowMs: number): TlsFiles {
  const [cert, key, ca] = [read('cert', paths.cert), read('key', paths.key), read('ca', paths.ca)];
  const [own] = certificates('cert', paths.cert, cert);
  const authorities = certificates('ca', paths.ca, ca);
  if (!own.checkPrivateKey(privateKey(paths.key, key))) {
    throw refused('key', paths.key, `is not the key of ${paths.cert}`, 'give the key that the certificate was made with');
  }
  const wrong = authorities.find((authority) => !authority.ca);
  if (wrong !== undefined) {
    throw refused('ca', paths.ca, `has a certificate that is no CA's: ${oneLine(wrong.subject)}`, "give the certificate that signs your clients' certificates");
  }
  const dated = [{ path: paths.cert, certificate: own }, ...authorities.map((certificate) => ({ path: paths.ca, certificate }))];
  return { cert, key, ca, warnings: [...dated.flatMap((one) => ageWarning(one, nowMs)), ...modeWarning(paths.key)] };
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw refused(flag, path, `cannot be read: ${why}`, 'give a PEM file that the agent may read', cause);
  }
}

function certificates(flag: string, path: string, text: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const [first, ...more] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return [first, ...more];
  } catch (cause) {
    throw refused(flag, path, 'has a certificate that cannot be read', certificateHint, cause);
  }
  throw refused(flag, path, 'has no certificate', certificateHint);
}

function privateKey(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw refused('key', path, 'has no private key that can be read', 'give a PEM file with a key that has no passphrase', cause);
  }
}

function ageWarning({ path, certificate }: { path: string; certificate: X509Certificate }, nowMs: number): string[] {
  if (Date.parse(certificate.validTo) < nowMs) return [`${path}: its certificate (${oneLine(certificate.subject)}) ended on ${certificate.validTo}`];
  if (Date.parse(certificate.validFrom) > nowMs) return [`${path}: its certificate (${oneLine(certificate.subject)}) begins on ${certificate.validFrom}`];
  return [];
}

function modeWarning(path: string): string[] {
  return (statSync(path).mode & 0o077) === 0 ? [] : [`${path} is a private key that others may read: chmod 600 ${path}`];
}

const certificateHint = 'give a PEM file, which begins with -----BEGIN CERTIFICATE-----; docs/grpc.md shows how to make one';

const oneLine = (subject: string): string => subject.replaceAll('\n', ', ');

const refused = (flag: string, path: string, why: string, hint: string, cause?: unknown) =>
  new MvirtError({ code: 'INVALID_ARGUMENT', message: `--grpc-tls-${flag}: ${path} ${why}`, hint, cause });
