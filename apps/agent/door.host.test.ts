import { expect, test } from 'bun:test';
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { type AgentClient, createAgentClient, createOneShot, fromTrpcError } from '@mvirt/api/client';
import { refusal } from '@mvirt/api/trpc';
import { MvirtError, toMvirtError } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { type DoubleServices, doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { deepTempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import type { AgentConfig } from './config.ts';
import { openDoors } from './door.ts';
import type { AgentLog } from './logger.ts';

const host = createLinuxHost();
const isRoot = process.geteuid?.() === 0;
if (!isRoot) console.log('skipped: a peer of another user can be made by root only');

type Opened = AsyncDisposable & { services: DoubleServices; lines: string[]; socketPath: string };

async function open(socketPath: string): Promise<Opened> {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const log: AgentLog = { debug: say, info: say, warn: say, error: say };
  const services = doubleServices();
  const vm = doubleVm('vm-1');
  services.vmsById.set(vm.id, vm);
  const places = { dataDir: '/data', socket: socketPath, bridge: 'br0', listen: [], listenIsDefault: false, grpcTls: null, file: null };
  const config: AgentConfig = { ...places, hypervisor: 'auto', logLevel: 'info' };
  const doors = await openDoors({ config, tls: null, host, services, log, version: '1.2.3', nowMs: () => Date.now() });
  return { services, lines, socketPath, [Symbol.asyncDispose]: () => doors[Symbol.asyncDispose]() };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (thrown) => (thrown instanceof Error && 'data' in thrown ? fromTrpcError(thrown) : toMvirtError(thrown)),
  );
const descriptors = () => readdirSync('/proc/self/fd').length;

test("the socket is its owner's alone or the group's, answers both kinds of clients, and goes with the door", async () => {
  using dir = tempDir();
  const path = dir.join('run', 'agent.sock');
  const client: AgentClient = createAgentClient({ socketPath: path });
  {
    await using opened = await open(path);
    const noGroup = opened.lines.some((line) => line.includes('there is no group mvirt'));
    expect(statSync(path).mode & 0o777).toBe(noGroup || !isRoot ? 0o600 : 0o660);
    expect(statSync(dir.join('run')).mode & 0o777).toBe(0o750);
    expect(await createOneShot({ socketPath: path }).agent.status.query()).toMatchObject({ version: '1.2.3', pid: process.pid, socket: path });
    expect(await client.api.vm.list.query()).toHaveLength(1);
  }
  await client.close();
  expect(existsSync(path)).toBe(false);
});

test('many connections leave no descriptor behind', async () => {
  using dir = tempDir();
  await using opened = await open(dir.join('s'));
  const api = createOneShot({ socketPath: opened.socketPath });
  await api.vm.list.query();
  const before = descriptors();
  for (let round = 0; round < 10; round += 1) {
    const clients = Array.from({ length: 10 }, () => createAgentClient({ socketPath: opened.socketPath }));
    await Promise.all(clients.map(({ api: live }) => live.vm.list.query()));
    await Promise.all(clients.map((client) => client.close()));
  }
  await waitFor('descriptors to be closed', () => descriptors() <= before + 4);
});

test("a path that is longer than a socket's address", async () => {
  using dir = deepTempDir(160);
  await using opened = await open(dir.join('agent.sock'));
  expect(await createOneShot({ socketPath: opened.socketPath }).vm.list.query()).toHaveLength(1);
  const client = createAgentClient({ socketPath: opened.socketPath });
  expect(await client.api.vm.list.query()).toHaveLength(1);
  await client.close();
});

test("a dead agent's socket is replaced; a living one's and a plain file are not", async () => {
  using dir = tempDir();
  const path = dir.join('s');
  const dead = Bun.spawnSync([
    process.execPath,
    '-e',
    `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
  ]);
  expect([dead.signalCode ?? null, existsSync(path)]).toEqual(['SIGKILL', true]);
  {
    await using _opened = await open(path);
    expect(await failure(open(path))).toMatchObject({ code: 'DATA_DIR_IN_USE', message: `another process listens on ${path}` });
    expect(await createOneShot({ socketPath: path }).vm.list.query()).toHaveLength(1);
  }
  writeFileSync(path, 'precious');
  expect(await failure(open(path))).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('is no socket') });
});

test('more connections of one user than allowed are told TOO_MANY', async () => {
  using dir = tempDir();
  await using opened = await open(dir.join('s'));
  const held = Array.from({ length: 256 }, () => connect(opened.socketPath));
  try {
    await Promise.all(held.map((socket) => new Promise<void>((resolve) => void socket.once('connect', resolve))));
    await createOneShotFails(opened.socketPath);
  } finally {
    for (const socket of held) socket.destroy();
  }
  const api = createOneShot({ socketPath: opened.socketPath });
  await waitFor('a place to be free', () =>
    api.vm.list.query().then(
      () => true,
      () => false,
    ),
  );
});

async function createOneShotFails(socketPath: string) {
  await waitFor('a refusal', async () => {
    const answer = await createOneShot({ socketPath })
      .vm.list.query()
      .then(() => null, fromTrpcError);
    return answer?.code === 'TOO_MANY';
  });
}

test.skipIf(!isRoot)('a peer of another user reads why it is refused; not a byte of it is parsed', async () => {
  using dir = tempDir();
  await using opened = await open(dir.join('s'));
  // Opened up by hand: the mode keeps others out already, and this is about the second door.
  chmodSync(dir.path, 0o755);
  chmodSync(opened.socketPath, 0o666);
  let calls = 0;
  const list = opened.services.vms.list;
  opened.services.vms.list = () => {
    calls += 1;
    return list();
  };
  const script =
    'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"GET /trpc/vm.list HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"); print(s.makefile().read())';
  const python = '/usr/bin/python3';
  if (!existsSync(python)) return console.log('skipped: python3 is missing, and Bun may not be readable for another user');
  const child = Bun.spawn(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', python, '-c', script, opened.socketPath], { stdout: 'pipe' });
  const told = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  expect(told).toStartWith('HTTP/1.1 403 Forbidden');
  expect(told).toContain('"code":"DENIED"');
  expect(told).toContain('user 65534');
  expect(opened.lines.filter((line) => line.includes('user 65534 (process'))).toHaveLength(1);
  expect(calls).toBe(0);
});

test('our clients read a refusal as what it is', async () => {
  using dir = tempDir();
  const server = createServer((socket) => void socket.resume().end(refusal(new MvirtError({ code: 'DENIED', message: 'user 7 may not' }))));
  await new Promise<void>((resolve) => void server.listen(dir.join('s'), resolve));
  const error = await createOneShot({ socketPath: dir.join('s') })
    .vm.list.query()
    .then(() => expect.unreachable(), fromTrpcError);
  expect(error).toMatchObject({ code: 'DENIED', message: 'user 7 may not' });
  await new Promise((resolve) => void server.close(resolve));
});
