import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { toMvirtError } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createAdmission } from '../admission.ts';
import type { AgentLog } from '../logger.ts';
import { openGrpcDoors } from './grpc-doors.ts';
import type { GrpcDoor } from './grpc-on-demand.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';

const host = createLinuxHost();
const uid = process.geteuid?.() ?? -1;
const isRoot = uid === 0;
const stranger = 65_534;
if (!isRoot) console.log('skipped: peers of another user can be made by root only');

const address = (text: string): ListenAddress => {
  const parsed = parseListenAddress(text, '/');
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
};

type OpenOptions = { listen: string[]; listenIsDefault?: boolean; sockets?: typeof host.sockets };

/** Doors before a server that keeps what it is given and reads it. */
async function open({ listen, listenIsDefault = false, sockets = host.sockets }: OpenOptions) {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const log: AgentLog = { debug: say, info: say, warn: say, error: say };
  const served: { socket: Socket; text: string }[] = [];
  const grpc: GrpcDoor = {
    async accept(socket) {
      const one = { socket, text: '' };
      socket.on('data', (bytes) => (one.text += bytes.toString('latin1')));
      socket.on('error', () => {});
      served.push(one);
    },
    close: async () => {},
  };
  const doors = await openGrpcDoors({
    config: { listen: listen.map(address), listenIsDefault },
    tls: null,
    host: { sockets, files: host.files },
    admission: createAdmission({ uid, groupId: null, groupsOf: async () => [], nowMs: () => 0 }),
    groupId: null,
    grpc,
    log,
    warn: say,
  });
  const ports = doors.addresses.map((one) => (one.kind === 'tcp' ? one.port : 0));
  return {
    doors,
    lines,
    served,
    port: ports[0] ?? 0,
    [Symbol.dispose]() {
      doors[Symbol.dispose]();
      for (const { socket } of served) socket.destroy();
    },
  };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (thrown) => toMvirtError(thrown),
  );

/** Python, because another user may not be able to read this Bun. */
const python = '/usr/bin/python3';
const noStranger = !isRoot || !existsSync(python);
const becomeStranger = [`--reuid=${stranger}`, `--regid=${stranger}`, '--clear-groups'];
function asStranger(script: string, ...args: string[]) {
  return Bun.spawn(['setpriv', ...becomeStranger, python, '-c', script, ...args], { stdout: 'pipe', cwd: '/' });
}

test.each(['[::1]:0', '127.0.0.1:0'])('%s serves the user of the agent, every byte of it', async (listen) => {
  await using _leaks = watchLeaks();
  using opened = await open({ listen: [listen] });
  const client = connect(opened.port, listen.startsWith('[') ? '::1' : '127.0.0.1');
  client.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nand more');
  await waitFor('the bytes', () => opened.served[0]?.text === 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nand more');
  client.destroy();
});

test.skipIf(noStranger)('a stranger is cut off and logged, and not a byte of his is served', async () => {
  await using _leaks = watchLeaks();
  using opened = await open({ listen: ['[::1]:0'] });
  const script = `
import socket, sys
s = socket.create_connection(('::1', int(sys.argv[1])))
try:
    s.sendall(b'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n')
    print(s.recv(100))
except ConnectionError:
    print(b'')
`;
  const child = asStranger(script, `${opened.port}`);
  expect(await new Response(child.stdout).text()).toBe("b''\n");
  expect(await child.exited).toBe(0);
  expect(opened.lines).toEqual([`gRPC [::1]:0 connection refused: user ${stranger} may not use this agent`]);
  expect(opened.served).toEqual([]);
});

test.skipIf(noStranger)(
  '2,000 idle connections of a stranger hold up nobody and leave nothing',
  async () => {
    await using _leaks = watchLeaks();
    using opened = await open({ listen: ['127.0.0.1:0'] });
    const script = `
import socket, sys
sockets = [socket.create_connection(('127.0.0.1', int(sys.argv[1]))) for _ in range(2000)]
print('all there', flush=True)
sys.stdin.read()
`;
    const child = spawn('setpriv', [...becomeStranger, python, '-c', script, `${opened.port}`], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    const client = connect(opened.port, '127.0.0.1');
    client.write('hello');
    await waitFor('its bytes', () => opened.served[0]?.text === 'hello');
    expect(opened.served).toHaveLength(1);
    await waitFor('every refusal', () => opened.lines.length === 2000);
    client.destroy();
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  },
  60_000,
);

test('a user has 256 connections; one more is told so, and each place is given back', async () => {
  await using _leaks = watchLeaks();
  using opened = await open({ listen: ['[::1]:0'] });
  const held = Array.from({ length: 256 }, () => connect(opened.port, '::1'));
  await waitFor('all to be served', () => opened.served.length === 256);
  const more = connect(opened.port, '::1');
  more.on('error', () => {});
  await new Promise((resolve) => void more.once('close', resolve));
  expect(opened.lines).toEqual([`gRPC [::1]:0 connection refused: user ${uid} has 256 connections to the agent`]);
  held[0]?.destroy();
  await waitFor('a place', async () => {
    const next = connect(opened.port, '::1');
    held.push(next);
    await once(next, 'connect');
    next.write('here');
    return opened.served.some(({ text }) => text === 'here');
  });
  for (const socket of held) socket.destroy();
});

test('a port that is in use names who has it; a default goes on without', async () => {
  await using _leaks = watchLeaks();
  const other = createServer().listen(0, '::1');
  await once(other, 'listening');
  const bound = other.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const error = await failure(open({ listen: [`[::1]:${port}`] }));
  expect(error).toMatchObject({ code: 'ADDRESS_IN_USE', hint: 'choose another --listen address, or --listen off' });
  expect(error.message).toMatch(new RegExp(`^--listen: cannot listen on \\[::1\\]:${port}: the port is in use, by process ${process.pid} \\(.+\\)$`));
  using opened = await open({ listen: [`[::1]:${port}`], listenIsDefault: true });
  expect(opened.doors.addresses).toEqual([]);
  expect(opened.lines).toEqual([`gRPC clients are not answered: ${error.message}`]);
  other.close();
  await once(other, 'close');
});

test("an address that is not this host's is refused; a default becomes 127.0.0.1", async () => {
  await using _leaks = watchLeaks();
  expect(await failure(open({ listen: ['[2001:db8::1]:7'] }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: '--listen: cannot listen on [2001:db8::1]:7: this host has no such address',
  });
  using opened = await open({ listen: ['[2001:db8::1]:0'], listenIsDefault: true });
  expect(opened.doors.addresses).toMatchObject([{ host: '127.0.0.1' }]);
  expect(opened.lines).toEqual([
    `gRPC clients are answered on 127.0.0.1:${opened.port}: --listen: cannot listen on [2001:db8::1]:0: this host has no such address`,
  ]);
});

test('all or none: an address that cannot be had closes those before it', async () => {
  using dir = tempDir();
  await using _leaks = watchLeaks({ dir: dir.path });
  await failure(open({ listen: [`unix:${dir.join('g')}`, '127.0.0.1:0', '[2001:db8::1]:7'] }));
  expect(existsSync(dir.join('g'))).toBe(false);
});

test('a Unix socket is a door too, and goes with it', async () => {
  using dir = tempDir();
  await using _leaks = watchLeaks({ dir: dir.path });
  {
    using opened = await open({ listen: [`unix:${dir.join('g')}`] });
    expect(statSync(dir.join('g')).mode & 0o777).toBe(0o600);
    const client = connect(dir.join('g'));
    client.write('hello');
    await waitFor('its bytes', () => opened.served[0]?.text === 'hello');
    client.destroy();
    if (noStranger) return;
    chmodSync(dir.path, 0o755);
    chmodSync(dir.join('g'), 0o666);
    const child = asStranger('import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(1))', dir.join('g'));
    expect(await new Response(child.stdout).text()).toBe("b''\n");
    expect(opened.lines).toEqual([expect.stringMatching(/^gRPC unix:.*\/g connection refused: user 65534 \(process \d+\) may not use this agent$/)]);
  }
  expect(existsSync(dir.join('g'))).toBe(false);
});

test('peers that cannot be told yet are cut off when the doors close', async () => {
  await using _leaks = watchLeaks();
  const never = Promise.withResolvers<number | null>();
  using opened = await open({ listen: ['[::1]:0'], sockets: { ...host.sockets, tcpOwnerOf: () => never.promise } });
  const client = connect(opened.port, '::1');
  client.on('error', () => {});
  const closed = new Promise((resolve) => void client.once('close', resolve));
  await once(client, 'connect');
  client.write('PRI');
  opened.doors[Symbol.dispose]();
  await closed;
  never.resolve(uid);
  await never.promise;
  expect(opened.served).toEqual([]);
});
