import { expect, test } from 'bun:test';
import { connect, createServer, type Socket } from 'node:net';
import { noPython } from '@mvirt/testkit/contract/python';
import { openPythonClient } from '@mvirt/testkit/contract/python-client';
import { openBench } from '@mvirt/testkit/engine/bench';
import { serveGrpc } from '@mvirt/testkit/grpc-bridge';
import { waitFor } from '@mvirt/testkit/wait-for';

const missing = noPython();
if (missing) console.log(`skipped: ${missing}`);

/** Passes bytes on, and knows nothing of them: as a control plane does that forwards the port. */
async function forwardTo(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy()).on('close', () => sockets.delete(socket));
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    target: `127.0.0.1:${(server.address() as { port: number }).port}`,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

test.skipIf(missing !== null)(
  'a forwarder of bytes between client and bridge: large messages and streams arrive whole, a cut ends its calls alone',
  async () => {
    await using bench = await openBench();
    await using bridge = await serveGrpc(bench.engine(), null);
    await using forwarder = await forwardTo(Number(bridge.target.split(':')[1]));
    await using python = await openPythonClient('v2');
    const client = python.connect(forwarder.target);
    const user_data = `#cloud-config\n${'é名0123456789ab\n'.repeat(65_000)}`;
    const { id, config } = await client.call('CreateVm', { config: { vcpus: 1, memory_mb: '64', kernel: bench.file('k'), user_data } });
    expect(config.user_data === user_data).toBe(true);
    expect((await client.call('ListVms')).vms[0].config.user_data === user_data).toBe(true);

    await client.call('StartVm', { id });
    const watch = client.watch();
    const consoles = [client.console(), client.console()];
    for (const console of consoles) console.send('', id);
    await Promise.all([watch.ready, ...consoles.map(({ ready }) => ready)]);
    const printed = Buffer.from(Array.from({ length: 1 << 20 }, (_, at) => (at * 7919) >> 5));
    const guest = bench.hypervisor.control(id);
    guest.print(printed);
    await waitFor(
      'both consoles to have it',
      async () => {
        await bench.clock.advance(20);
        return consoles.every((console) => console.seen().length >= printed.length);
      },
      { timeoutMs: 30_000 },
    );
    for (const console of consoles) expect(console.seen() === printed.toString('latin1')).toBe(true);
    // No more than a guest's line takes before it is read.
    const typed = '0123456789abcdef'.repeat(200);
    consoles[0]?.send(typed);
    await waitFor('the guest to have it', () => Buffer.from(guest.input()).toString() === typed);

    const waiting = client.begin('StopVm', { id: 'nosuch' });
    expect((await waiting.outcome).code).toBe('NOT_FOUND');
    forwarder.cut();
    for (const stream of [watch, ...consoles]) expect((await stream.ended()).code).toBe('UNAVAILABLE');
    await waitFor('the bridge to have seen it', () => bridge.server.clients() === 0);
    expect((await client.call('GetVm', { id })).state).toBe(3);
    expect(bridge.defects).toEqual([]);
  },
);
