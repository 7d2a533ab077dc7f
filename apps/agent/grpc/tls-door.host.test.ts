import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createHandshakes } from './handshake.ts';
import { makeCertificates, noOpenssl, openssl } from './testing/certificates.ts';
import { readTlsFiles } from './tls-files.ts';

const title = (words: string) => (noOpenssl === null ? words : `${words} (${noOpenssl})`);

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];

/** A listener that shakes hands as the agent's doors do. */
async function listenTls(dir: TempDir, timeoutMs = 10_000) {
  const handshakes = createHandshakes(readTlsFiles({ cert: dir.join('agent.crt'), key: dir.join('agent.key'), ca: dir.join('ca.crt') }, Date.now()), {
    timeoutMs,
  });
  const came: { subject: string; text: string; socket: Socket }[] = [];
  const refusals: string[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    handshakes.shake(socket).then(
      ({ secure, subject }) => {
        const one = { subject, text: '', socket: secure };
        secure.on('data', (bytes) => (one.text += bytes.toString()));
        came.push(one);
      },
      (error: Error) => refusals.push(error.message),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    handshakes,
    came,
    refusals,
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    async [Symbol.asyncDispose]() {
      handshakes[Symbol.dispose]();
      for (const { socket } of came) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test.skipIf(noOpenssl !== null)(title('only a client with a certificate of the CA comes through, with TLS 1.2 or later'), async () => {
  using dir = tempDir();
  makeCertificates(dir);
  openssl(dir, 'req', '-x509', ...newKey, '-days', '9', '-subj', '/CN=alice', '-keyout', 'other.key', '-out', 'other.crt');
  openssl(dir, 'req', '-x509', ...newKey, '-days', '9', '-subj', '/CN=mvirt CA', '-keyout', 'false-ca.key', '-out', 'false-ca.crt');
  const sign = ['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=clientAuth', ...newKey];
  openssl(
    dir,
    'req',
    '-x509',
    ...sign,
    '-days',
    '9',
    '-CA',
    'false-ca.crt',
    '-CAkey',
    'false-ca.key',
    '-subj',
    '/CN=alice',
    '-keyout',
    'forged.key',
    '-out',
    'forged.crt',
  );
  await using _leaks = watchLeaks({ dir: dir.path });
  await using door = await listenTls(dir);
  const read = (name: string) => readFileSync(dir.join(name), 'utf8');
  const attempt = async (options: ConnectionOptions): Promise<void> => {
    const client = connectTls({ port: door.port, host: '127.0.0.1', servername: 'vmhost.example', ca: read('ca.crt'), ALPNProtocols: ['h2'], ...options });
    client.on('error', () => {});
    client.on('secureConnect', () => client.end('let me in'));
    await new Promise((resolve) => void client.once('close', resolve));
  };
  const identity = (name: string) => ({ cert: read(`${name}.crt`), key: read(`${name}.key`) });
  const refusal = async (options: ConnectionOptions) => {
    const before = door.refusals.length;
    await attempt(options);
    return await waitFor('the refusal', () => door.refusals[before] ?? null);
  };
  await attempt(identity('alice'));
  await attempt({ ...identity('alice'), maxVersion: 'TLSv1.2' });
  await waitFor('both', () => door.came.filter(({ text, subject }) => text === 'let me in' && subject === 'alice').length === 2);
  expect(await refusal({})).toBe('it came without a certificate');
  for (const name of ['other', 'forged']) expect(await refusal(identity(name))).toStartWith('its certificate or handshake was not accepted: ');
  // A server's certificate of the same CA is no client's.
  expect(await refusal(identity('agent'))).toStartWith('its certificate or handshake was not accepted: ');
  expect(await refusal({ ...identity('alice'), minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).toContain('UNSUPPORTED_PROTOCOL');
  expect(door.came).toHaveLength(2);
});

test.skipIf(noOpenssl !== null)(title('who speaks no TLS, says nothing or goes away is given up on'), async () => {
  using dir = tempDir();
  makeCertificates(dir);
  await using _leaks = watchLeaks({ dir: dir.path });
  await using door = await listenTls(dir, 300);
  const plain = connect(door.port, '127.0.0.1', () => plain.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
  plain.on('error', () => {});
  await waitFor('plain text to be refused', () => door.refusals.some((line) => line.includes('does not speak TLS')));
  const gone = connect(door.port, '127.0.0.1', () => gone.destroy());
  await waitFor('one that went away', () => door.refusals.some((line) => line.includes('went away')));
  const silent = connect(door.port, '127.0.0.1');
  silent.on('error', () => {});
  await new Promise((resolve) => void silent.once('close', resolve));
  expect(door.refusals.at(-1)).toBe('no TLS handshake within 0.3 s');
  expect(door.came).toEqual([]);
  plain.destroy();
});
