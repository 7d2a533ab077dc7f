import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, type SecureClientSessionOptions } from 'node:http2';
import { connect } from 'node:net';
import { startAgent } from '@mvirt/testkit/agent-process';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { makeCertificates, noOpenssl } from './testing/certificates.ts';

const options = { timeout: 120_000 };

/** Waits for so many of the agent's pings, which the client answers by itself; null where the connection has ended before. */
async function pinged(session: ClientHttp2Session, times: number): Promise<number | null> {
  const ended = once(session, 'close').then(() => null);
  for (let count = 0; count < times; count++) if ((await Promise.race([once(session, 'ping'), ended])) === null) return null;
  return times;
}

test('a client that asks nothing for half a minute is still connected, through a port and a Unix socket', options, async () => {
  using dir = tempDir();
  await using agent = await startAgent(dir, ['--listen', '127.0.0.1:0', '--listen', `unix:${dir.join('g')}`]);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(agent.stdout())?.[1]);
  const sessions = [connectHttp2(`http://127.0.0.1:${port}`), connectHttp2('http://agent', { createConnection: () => connect(dir.join('g')) })];
  expect(await Promise.all(sessions.map((session) => pinged(session, 2)))).toEqual([2, 2]);
  for (const session of sessions) session.destroy();
  expect(await agent.end('SIGTERM')).toBe(0);
});

test.skipIf(noOpenssl !== null)('and with a certificate', options, async () => {
  using dir = tempDir();
  makeCertificates(dir);
  const files = ['--grpc-tls-cert', dir.join('agent.crt'), '--grpc-tls-key', dir.join('agent.key'), '--grpc-tls-ca', dir.join('ca.crt')];
  await using agent = await startAgent(dir, ['--listen', '127.0.0.1:0', ...files]);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(agent.stdout())?.[1]);
  const read = (name: string) => readFileSync(dir.join(name));
  const tls: SecureClientSessionOptions = { ca: read('ca.crt'), cert: read('alice.crt'), key: read('alice.key'), checkServerIdentity: () => undefined };
  const session = connectHttp2(`https://127.0.0.1:${port}`, tls);
  expect(await pinged(session, 2)).toBe(2);
  session.destroy();
  expect(await agent.end('SIGTERM')).toBe(0);
});
