import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { findSocket, systemSocket } from './find-socket.ts';

test('what is named is taken, the flag before the variable', () => {
  expect(findSocket({ flag: 'a.sock', env: { MVIRT_SOCKET: '/b.sock' }, cwd: '/x' })).toEqual({ path: '/x/a.sock', tried: ['/x/a.sock'] });
  expect(findSocket({ env: { MVIRT_SOCKET: '/b.sock' }, cwd: '/x' })).toEqual({ path: '/b.sock', tried: ['/b.sock'] });
});

test('outside of a checkout the usual places are looked at', () => {
  using dir = tempDir();
  const found = findSocket({ env: { XDG_RUNTIME_DIR: dir.path }, cwd: dir.path });
  expect(found.tried).toEqual([systemSocket, dir.join('mvirt/agent.sock')]);
});

test('a checkout is found from any folder in it, by its package.json, and its socket is taken where there is one', async () => {
  using dir = tempDir();
  const inside = dir.join('packages', 'api');
  mkdirSync(inside, { recursive: true });
  mkdirSync(dir.join('tmp'));
  writeFileSync(dir.join('packages', 'package.json'), '{"name":"other"}');
  writeFileSync(dir.join('package.json'), '{"name":"mvirt-workspace"}');
  expect(findSocket({ env: {}, cwd: inside }).tried).toEqual([dir.join('tmp/agent.sock'), systemSocket]);
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(dir.join('tmp/agent.sock'), resolve));
  expect(findSocket({ env: {}, cwd: inside }).path).toBe(dir.join('tmp/agent.sock'));
  await new Promise((resolve) => void server.close(resolve));
});
