import { expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Metadata } from '@grpc/grpc-js';
import { asVmId } from '@mvirt/domain';
import { openGrpcBench, refusal, smallConfig } from '@mvirt/testkit/grpc-bench';
import { openGrpcClient } from '@mvirt/testkit/grpc-client';
import { waitFor } from '@mvirt/testkit/wait-for';
import { VmState } from '../wire/index.ts';

const stubborn = { hypervisor: { manners: { hearsButton: false } } };

async function dial(target: string): Promise<Socket> {
  const [host = '', port = ''] = target.split(':');
  const socket = connect(Number(port), host);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) =>
    socket
      .once('close', () => resolve())
      .on('error', () => {})
      .resume(),
  );

test('a message beyond the limit is refused before it is whole, also one that was packed small', async () => {
  await using grpc = await openGrpcBench();
  const { client } = grpc;
  const huge = { ...smallConfig, user_data: 'x'.repeat(5 << 20) };
  expect(await refusal(client.call('CreateVm', { config: huge }))).toContain('RESOURCE_EXHAUSTED');
  expect(await refusal(client.call('CreateVm', { config: { ...smallConfig, user_data: 'x'.repeat(2 << 20) } }))).toStartWith('INVALID_ARGUMENT user_data: ');

  const bomb = gzipSync(Buffer.alloc(64 << 20));
  const packed = new Metadata();
  packed.set('grpc-encoding', 'gzip');
  const frame = Buffer.concat([Buffer.from([1]), Buffer.alloc(4), bomb]);
  frame.writeUInt32BE(bomb.length, 1);
  expect(await rawCall(grpc.bridge.target, frame)).toMatchObject({ 'grpc-status': '8' });
  expect(await client.call('GetVersion', {})).toEqual({ version: '0.0.1' });
});

/** One CreateVm of raw bytes, over HTTP/2 without a gRPC library. */
async function rawCall(target: string, body: Buffer, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const { connect: connectHttp2 } = await import('node:http2');
  const session = connectHttp2(`http://${target}`);
  session.on('error', () => {});
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/mvirt.VmService/CreateVm',
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-encoding': 'gzip',
      ...headers,
    });
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
    let seen: Record<string, unknown> = {};
    stream.on('response', (given) => {
      seen = { ...seen, ...given };
    });
    stream.on('trailers', (given) => {
      seen = { ...seen, ...given };
    });
    stream.on('close', () => resolve(seen));
    stream.on('error', () => resolve(seen));
    stream.resume().end(body);
    return await promise;
  } finally {
    session.destroy();
  }
}

test('a method that is not there, and headers that are no gRPC, are named', async () => {
  await using grpc = await openGrpcBench();
  expect(await rawCall(grpc.bridge.target, Buffer.alloc(0), { ':path': '/mvirt.VmService/Explode' })).toMatchObject({ 'grpc-status': '12' });
  expect(await rawCall(grpc.bridge.target, Buffer.alloc(0), { 'content-type': 'text/plain' })).toMatchObject({ ':status': 415 });
  expect(await rawCall(grpc.bridge.target, Buffer.alloc(0))).toMatchObject({ 'grpc-status': '12' });
  expect(await rawCall(grpc.bridge.target, Buffer.alloc(5), { 'grpc-timeout': 'soon' })).toMatchObject({ 'grpc-status': '13' });
  expect(await grpc.client.call('GetVersion', {})).toEqual({ version: '0.0.1' });
});

test('a client that hangs up, or whose deadline passes, ends its own wait: the stop goes on', async () => {
  await using grpc = await openGrpcBench(stubborn);
  const { client, bench } = grpc;
  const hangUp = new AbortController();
  await grpc.started({}, { id: 'a' });
  const stop = refusal(client.call('StopVm', { id: 'a', timeout_seconds: 30 }, { signal: hangUp.signal }));
  await bench.until(asVmId('a'), 'stopping');
  hangUp.abort();
  expect(await stop).toStartWith('CANCELLED');
  expect(await client.call('GetVm', { id: 'a' })).toMatchObject({ state: VmState.STOPPING });
  await bench.clock.advance(30_000);
  await bench.until(asVmId('a'), 'stopped');

  await client.call('StartVm', { id: 'a' });
  expect(await refusal(client.call('StopVm', { id: 'a', timeout_seconds: 60 }, { deadline: Date.now() + 100 }))).toStartWith('DEADLINE_EXCEEDED');
  expect(await client.call('GetVm', { id: 'a' })).toMatchObject({ state: VmState.STOPPING });
});

test('a client that dies lets go of everything', async () => {
  await using grpc = await openGrpcBench();
  const socket = await dial(grpc.bridge.target);
  const other = openGrpcClient(grpc.bridge.target);
  const watch = other.watch({});
  watch.on('error', () => {});
  await new Promise((resolve) => watch.once('metadata', resolve));
  await grpc.client.call('GetVersion', {});
  expect(grpc.bridge.server.clients()).toBe(3);
  watch.cancel();
  other[Symbol.dispose]();
  socket.destroy();
  await waitFor('both to be gone', () => grpc.bridge.server.clients() === 1);
});

test('a client that gives no sign of life is cut off', async () => {
  await using grpc = await openGrpcBench({ limits: { pingMs: 50, pongWaitMs: 50 } });
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  for (const said of [Buffer.alloc(0), preface.subarray(0, 9), preface, Buffer.concat([preface, settings])]) {
    const socket = await dial(grpc.bridge.target);
    const gone = closed(socket);
    socket.write(said);
    await gone;
  }
  await grpc.client.call('GetVersion', {});
});

test('bytes that are no HTTP/2 end their own connection and nothing else', async () => {
  await using grpc = await openGrpcBench();
  const { client, bridge } = grpc;
  await client.call('GetVersion', {});
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const floods = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
    Buffer.alloc(1 << 16, 0xff),
    Buffer.concat([preface, Buffer.alloc(1 << 16, 0x41)]),
    Buffer.concat([preface, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), Buffer.from([0xff, 0xff, 0xff, 1, 4, 0, 0, 0, 1])]),
  ];
  for (const bytes of floods) {
    const socket = await dial(bridge.target);
    const gone = closed(socket);
    socket.end(bytes);
    await gone;
  }
  await waitFor('them to be gone', () => bridge.server.clients() === 1);
  expect(await client.call('GetVersion', {})).toEqual({ version: '0.0.1' });
});

test('close(): calls end with UNAVAILABLE, and connections are gone, also one that reads nothing', async () => {
  await using grpc = await openGrpcBench({ ...stubborn, limits: { closeMs: 100 } });
  const { client, bench, bridge } = grpc;
  await grpc.started({}, { id: 'a' });
  const silent = await dial(bridge.target);
  const gone = closed(silent);
  const stop = refusal(client.call('StopVm', { id: 'a', timeout_seconds: 0 }));
  await bench.until(asVmId('a'), 'stopping');
  const closing = bridge.server.close();
  expect(await stop).toBe('UNAVAILABLE the agent is shutting down');
  await Promise.all([closing, gone]);
  expect(bridge.server.clients()).toBe(0);
});

test('calls beyond the limit of a connection wait for their turn', async () => {
  await using grpc = await openGrpcBench({ limits: { maxCalls: 4 } });
  let open = 0;
  const watches = Array.from({ length: 6 }, () => grpc.client.watch({}));
  for (const watch of watches) {
    watch.on('error', () => {}).resume();
    watch.on('metadata', () => open++);
  }
  await waitFor('four to be open', () => open === 4);
  using other = openGrpcClient(grpc.bridge.target);
  for (let turn = 0; turn < 5; turn++) await other.call('GetVersion', {});
  expect(open).toBe(4);
  watches[0]?.cancel();
  watches[1]?.cancel();
  await waitFor('the others to be open', () => open === 6);
  for (const watch of watches) watch.cancel();
});

test('headers without end do no harm to others', async () => {
  await using grpc = await openGrpcBench();
  await rawCall(grpc.bridge.target, Buffer.alloc(5), { 'x-long': 'a'.repeat(1 << 20) });
  expect(await grpc.client.call('GetVersion', {})).toEqual({ version: '0.0.1' });
});
