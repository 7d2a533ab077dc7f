import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { MvirtError } from '@mvirt/domain';
import { doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { deepTempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createOneShot, fromTrpcError } from './index.ts';

const failure = (promise: Promise<unknown>) => promise.then(() => expect.unreachable(), fromTrpcError);

test('nobody there: the places that were tried are named, at once', async () => {
  using dir = tempDir();
  const path = dir.join('agent.sock');
  const error = await failure(createOneShot({ socketPath: path, tried: [path, '/run/other.sock'] }).vm.list.query());
  expect(error).toMatchObject({ code: 'AGENT_UNREACHABLE', message: `no agent at ${path} (also looked at /run/other.sock)` });
});

test('a socket whose agent has died, and a file that is none', async () => {
  using dir = tempDir();
  const path = dir.join('agent.sock');
  writeFileSync(path, '');
  expect(await failure(createOneShot({ socketPath: path }).vm.list.query())).toMatchObject({
    code: 'AGENT_UNREACHABLE',
    message: `no agent answers at ${path}`,
  });
});

test('errors keep their code, words and hint', async () => {
  using dir = tempDir();
  await using served = await serveDouble(dir.join('s'));
  const api = createOneShot({ socketPath: dir.join('s') });
  expect(await failure(api.vm.get.query({ vm: 'nobody' }))).toMatchObject({ code: 'VM_NOT_FOUND', message: 'no VM nobody', hint: 'mvirt list shows every VM' });
  expect(await failure(api.vm.create.mutate({ vcpus: 0, kernel: '/k' }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  served.services.failWith(new MvirtError({ code: 'DISK_IN_USE', message: 'disk taken', hint: 'stop it' }));
  expect(await failure(api.vm.list.query())).toMatchObject({ code: 'DISK_IN_USE', message: 'disk taken', hint: 'stop it' });
  expect(served.defects).toEqual([]);
  served.services.failWith(new TypeError('undefined is not a VM'));
  expect(await failure(api.vm.list.query())).toMatchObject({ code: 'INTERNAL' });
  expect(served.defects).toEqual(['vm.list: undefined is not a VM']);
});

test('a client that hangs up ends its own wait', async () => {
  using dir = tempDir();
  await using served = await serveDouble(dir.join('s'));
  const vm = doubleVm('vm-1');
  served.services.vmsById.set(vm.id, vm);
  const leaving = new AbortController();
  const stopped = failure(createOneShot({ socketPath: dir.join('s') }).vm.stop.mutate({ vm: 'vm-1' }, { signal: leaving.signal }));
  await waitFor('the stop to wait', () => served.services.waiting.has('stop'));
  leaving.abort();
  await stopped;
  await waitFor('the wait to end', () => served.services.waiting.size === 0);
});

test('a path of any length', async () => {
  using dir = deepTempDir(150);
  expect(dir.join('s').length).toBeGreaterThan(107);
  const before = process.cwd();
  process.chdir(dir.path);
  try {
    await using _served = await serveDouble('s');
    expect(await createOneShot({ socketPath: dir.join('s') }).vm.list.query()).toEqual([]);
  } finally {
    process.chdir(before);
  }
});

test('an agent that dies under a call', async () => {
  using dir = tempDir();
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) => void server.listen(dir.join('s'), resolve));
  expect(await failure(createOneShot({ socketPath: dir.join('s') }).vm.list.query())).toMatchObject({ code: 'AGENT_UNREACHABLE' });
  await new Promise((resolve) => void server.close(resolve));
});

test('an agent that dies in the middle of its answer', async () => {
  using dir = tempDir();
  const half = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"result"';
  const server = createServer((socket) => socket.once('data', () => socket.write(half, () => socket.destroy())));
  await new Promise<void>((resolve) => void server.listen(dir.join('s'), resolve));
  expect(await failure(createOneShot({ socketPath: dir.join('s') }).vm.list.query())).toMatchObject({ code: 'AGENT_UNREACHABLE' });
  await new Promise((resolve) => void server.close(resolve));
});

test.each([
  ['text', 'hello'],
  ['a document of somebody else', '{"result":"ok"}'],
  ['nothing', 'null'],
  ['JSON-RPC', '{"error":null,"result":null}'],
  ["somebody else's error", '{"error":"no such page"}'],
])('a server that is no agent: %s', async (_what, body) => {
  using dir = tempDir();
  const whole = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const server = createServer((socket) => socket.once('data', () => socket.end(whole)));
  await new Promise<void>((resolve) => void server.listen(dir.join('s'), resolve));
  const error = await failure(createOneShot({ socketPath: dir.join('s') }).vm.list.query());
  expect(error).toMatchObject({ code: 'AGENT_UNREACHABLE', message: `what answers at ${dir.join('s')} is no mvirt agent` });
  await new Promise((resolve) => void server.close(resolve));
});

test('an error of an agent that says less keeps its words', async () => {
  using dir = tempDir();
  const body = '{"error":{"json":{"message":"no such procedure","code":-32004,"data":{"code":"NOT_FOUND"}}}}';
  const server = createServer((socket) => socket.once('data', () => socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`)));
  await new Promise<void>((resolve) => void server.listen(dir.join('s'), resolve));
  expect(await failure(createOneShot({ socketPath: dir.join('s') }).vm.list.query())).toMatchObject({ code: 'INTERNAL', message: 'no such procedure' });
  await new Promise((resolve) => void server.close(resolve));
});

test('the client itself can be waited for: it is no promise', async () => {
  const api = createOneShot({ socketPath: '/nonexistent' });
  expect(await (async () => api)()).toBe(api);
});
