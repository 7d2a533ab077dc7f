import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLibc } from './libc.ts';
import { createHostSockets } from './sockets.ts';
import { createTcpOwners } from './tcp-owners.ts';

const { peerOf, tcpOwnerOf, tcpListenersOn } = createHostSockets(createLibc());
const isRoot = process.geteuid?.() === 0;
if (!isRoot) console.log('not tried without root: peers of another user');

/** Bun keeps the descriptor where Node does; not documented, hence this test. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof fd !== 'number') throw new Error('an accepted socket shows no descriptor');
  return fd;
}

test('the kernel names the process and the user behind a connection', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  chmodSync(dir.path, 0o777);
  const path = dir.join('socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o777);
  const [uid, gid] = isRoot ? [65534, 65533] : [process.geteuid?.(), process.getegid?.()];
  const script = `require('node:net').connect(${JSON.stringify(path)}).resume()`;
  const become = isRoot ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] : ['env'];
  const [program = '', ...args] = [...become, process.execPath, '-e', script];
  const client = spawn(program, args, { stdio: 'ignore', cwd: '/' });
  const [socket] = await once(server, 'connection');
  expect(peerOf(descriptorOf(socket))).toEqual({ pid: client.pid ?? 0, uid: uid ?? -1, gid: gid ?? -1 });
  socket.destroy();
  await once(client, 'exit');
  server.close();
  await once(server, 'close');
});

test('what has no peer of that kind has no identity', async () => {
  await using _leaks = watchLeaks();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  const client = connect(address.port, '127.0.0.1');
  const [socket] = await once(server, 'connection');
  expect(peerOf(descriptorOf(socket))).toBeNull();
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, 'close');

  const file = openSync('/dev/null', 'r');
  expect(peerOf(file)).toBeNull();
  closeSync(file);
  expect(peerOf(-1)).toBeNull();
});

/** A listener whose accepted sockets are read only when the test does so, as the agent's are. */
async function listenOn(address: string): Promise<AsyncDisposable & { server: Server; port: number; accepted(): Promise<Socket> }> {
  const waiting: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    waiting.push(socket);
  });
  server.listen({ port: 0, host: address });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = () => waitFor('a connection', () => waiting.shift() ?? null);
  return {
    server,
    port,
    accepted,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** The client runs as another user, connects, and does as it is told. */
function clientOf(uid: number, address: string, port: number, act: string) {
  const script = `const s = require('node:net').connect({ port: ${port}, host: '${address}' }, () => { ${act} }); s.on('error', () => {}).resume();`;
  const become = isRoot ? ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'] : ['env'];
  const [program = '', ...args] = [...become, process.execPath, '-e', script];
  return spawn(program, args, { stdio: 'ignore', cwd: '/' });
}

test.each([
  ['::1', '::1'],
  ['127.0.0.1', '127.0.0.1'],
  ['::', '127.0.0.1'],
  ['::', '::ffff:127.0.0.1'],
  ['127.0.0.1', '::ffff:127.0.0.1'],
])('on %s, the user of a client that connects to %s is told while it is connected', async (own, theirs) => {
  await using _leaks = watchLeaks();
  await using listening = await listenOn(own);
  const uid = isRoot ? 65_534 : (process.geteuid?.() ?? -1);
  const client = clientOf(uid, theirs, listening.port, '');
  const socket = await listening.accepted();
  expect(await tcpOwnerOf(descriptorOf(socket))).toBe(uid);
  const ended = once(client, 'exit');
  client.kill('SIGKILL');
  await ended;
  // Its line in the table says user 0 from now on.
  expect(await tcpOwnerOf(descriptorOf(socket))).toBeNull();
  socket.destroy();
});

test('a client that writes and closes at once is nobody, however often it tries', async () => {
  await using _leaks = watchLeaks();
  await using listening = await listenOn('::1');
  const staying = connect(listening.port, '::1');
  const held = await listening.accepted();
  for (let round = 0; round < 200; round++) {
    const client = connect(listening.port, '::1', () => client.end('PRI * HTTP/2.0'));
    client.on('error', () => {});
    const socket = await listening.accepted();
    const ended = once(
      socket.on('error', () => {}),
      'close',
    );
    const fd = descriptorOf(socket);
    // The end of its side has arrived where the kernel says so; the bytes are still unread.
    await waitFor('the peer to have closed', async () => (await tcpOwnerOf(fd)) === null);
    socket.resume().end();
    await ended;
  }
  expect(await tcpOwnerOf(descriptorOf(held))).toBe(process.geteuid?.() ?? -1);
  staying.destroy();
  held.destroy();
});

test("a later client at a dead one's address does not lend it its name", async () => {
  if (!existsSync('/usr/bin/python3')) return console.log('skipped: python3 is missing, which chooses its own port');
  await using _leaks = watchLeaks();
  await using listening = await listenOn('::1');
  const script = `
import socket, struct, sys
def connect(port):
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('::1', port))
    s.connect(('::1', int(sys.argv[1])))
    return s
first = connect(0)
sys.stdin.readline()
first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
port = first.getsockname()[1]
first.send(b'PRI * HTTP/2.0')
first.close()
second = connect(port)
sys.stdin.read()
`;
  const client = spawn('/usr/bin/python3', ['-c', script, `${listening.port}`], { stdio: ['pipe', 'ignore', 'inherit'] });
  const dead = await listening.accepted();
  // The table is read only once the other one is there: the kernel then lists it, with the dead one's address and its own user.
  const replaced = Promise.withResolvers<void>();
  const tables = createTcpOwners();
  const late = createHostSockets(createLibc(), { ...tables, connected: (...ends) => replaced.promise.then(() => tables.connected(...ends)) });
  const owner = late.tcpOwnerOf(descriptorOf(dead));
  client.stdin.write('go on\n');
  const living = await listening.accepted();
  replaced.resolve();
  expect(await owner).toBeNull();
  expect(await tcpOwnerOf(descriptorOf(living))).toBe(process.geteuid?.() ?? -1);
  const ended = once(client, 'exit');
  client.stdin.end();
  await ended;
  dead.destroy();
  living.destroy();
});

test('many at once share a few readings of the table', async () => {
  await using _leaks = watchLeaks();
  await using listening = await listenOn('::1');
  const clients = Array.from({ length: 200 }, () => connect(listening.port, '::1'));
  const sockets = await Promise.all(clients.map(() => listening.accepted()));
  const owners = await Promise.all(sockets.map((socket) => tcpOwnerOf(descriptorOf(socket))));
  expect(new Set(owners)).toEqual(new Set([process.geteuid?.() ?? -1]));
  for (const socket of [...clients, ...sockets]) socket.destroy();
});

test('a listener is found with its process; what is no TCP connection has no owner', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  await using listening = await listenOn('127.0.0.1');
  expect(await tcpListenersOn(listening.port)).toEqual([{ uid: process.geteuid?.() ?? -1, pid: process.pid, command: expect.stringMatching(/./) }]);
  const server = createServer().listen(dir.join('s'));
  await once(server, 'listening');
  const client = connect(dir.join('s'));
  const [socket] = await once(server, 'connection');
  expect(await tcpOwnerOf(descriptorOf(socket))).toBeNull();
  expect(await tcpOwnerOf(-1)).toBeNull();
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, 'close');
});
