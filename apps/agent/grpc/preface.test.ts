import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { expectPreface } from './preface.ts';

test('a connection on which no HTTP/2 begins is ended, one on which it has begun is not', async () => {
  using dir = tempDir();
  const late: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      const name = bytes.toString();
      expectPreface(socket, () => late.push(name), 50);
    });
  });
  server.listen(dir.join('s'));
  await once(server, 'listening');
  const open = (words: string) => {
    const client = connect(dir.join('s'), () => client.write(words));
    return client.on('error', () => {}).resume();
  };
  const begun = open('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const short = open('PRI * HTTP/2.0\r\n\r\nSM\r\n\r');
  await new Promise((resolve) => void short.once('close', resolve));
  const other = open('PRI');
  await new Promise((resolve) => void other.once('close', resolve));
  // The one that had begun came first, and outlived two others' deadlines.
  expect([late.map(({ length }) => length), begun.readyState]).toEqual([[23, 3], 'open']);
  begun.destroy();
  server.close();
  await once(server, 'close');
});
