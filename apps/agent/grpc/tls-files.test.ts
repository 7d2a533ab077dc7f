import { expect, test } from 'bun:test';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { makeCertificates, noOpenssl, openssl } from './testing/certificates.ts';
import { readTlsFiles } from './tls-files.ts';

const title = (words: string) => (noOpenssl === null ? words : `${words} (${noOpenssl})`);

test.skipIf(noOpenssl !== null)(title('the certificates of docs/grpc.md are taken; wrong, missing and unfit files are named'), () => {
  using dir = tempDir();
  makeCertificates(dir);
  const [cert, key, ca] = [dir.join('agent.crt'), dir.join('agent.key'), dir.join('ca.crt')];
  expect(readTlsFiles({ cert, key, ca }, Date.now()).warnings).toEqual([]);
  const refused = (paths: Partial<Record<'cert' | 'key' | 'ca', string>>) => {
    try {
      readTlsFiles({ cert, key, ca, ...paths }, Date.now());
      return expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', hint: expect.stringMatching(/./) });
      return error instanceof Error ? error.message : '';
    }
  };
  const file = (name: string, text: string) => {
    writeFileSync(dir.join(name), text);
    return dir.join(name);
  };
  expect(refused({ cert: dir.join('nowhere') })).toBe(`--grpc-tls-cert: ${dir.join('nowhere')} cannot be read: ENOENT`);
  expect(refused({ ca: dir.path })).toBe(`--grpc-tls-ca: ${dir.path} cannot be read: EISDIR`);
  expect(refused({ cert: key })).toBe(`--grpc-tls-cert: ${key} has no certificate`);
  expect(refused({ ca: file('empty', '') })).toContain('has no certificate');
  const broken = file('broken', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  expect(refused({ ca: broken })).toBe(`--grpc-tls-ca: ${broken} has a certificate that cannot be read`);
  expect(refused({ key: cert })).toBe(`--grpc-tls-key: ${cert} has no private key that can be read`);
  expect(refused({ key: dir.join('alice.key') })).toBe(`--grpc-tls-key: ${dir.join('alice.key')} is not the key of ${cert}`);
  expect(refused({ ca: dir.join('alice.crt') })).toBe(`--grpc-tls-ca: ${dir.join('alice.crt')} has a certificate that is no CA's: CN=alice`);
  openssl(dir, 'ec', '-in', 'agent.key', '-aes256', '-passout', 'pass:secret', '-out', 'locked.key');
  expect(refused({ key: dir.join('locked.key') })).toContain('has no private key that can be read');
});

test.skipIf(noOpenssl !== null)(title('what will surprise later is warned of'), () => {
  using dir = tempDir();
  makeCertificates(dir);
  const paths = { cert: dir.join('agent.crt'), key: dir.join('agent.key'), ca: dir.join('both.crt') };
  writeFileSync(paths.ca, readFileSync(dir.join('ca.crt'), 'utf8').repeat(2));
  chmodSync(paths.key, 0o644);
  const year = 366 * 24 * 3_600_000;
  expect(readTlsFiles(paths, Date.now() + 5 * year).warnings).toEqual([
    expect.stringMatching(/agent\.crt: its certificate \(CN=vmhost\.example\) ended on /),
    `${paths.key} is a private key that others may read: chmod 600 ${paths.key}`,
  ]);
  expect(readTlsFiles(paths, Date.now() - year).warnings.filter((line) => line.includes('begins on'))).toHaveLength(3);
});
