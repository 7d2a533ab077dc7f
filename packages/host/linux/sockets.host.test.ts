import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { createLibc } from './libc.ts';
import { createHostSockets } from './sockets.ts';

const { peerOf } = createHostSockets(createLibc());

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
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot) console.log('not tried without root: a peer of another user');
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
