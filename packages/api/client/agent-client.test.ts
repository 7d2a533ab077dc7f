import { expect, test } from 'bun:test';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import type { EventMessage } from '../trpc/index.ts';
import { type ConnectionState, createAgentClient, fromTrpcError } from './index.ts';

test('calls, and bytes both ways', async () => {
  using dir = tempDir();
  await using served = await serveDouble(dir.join('s'));
  const vm = doubleVm('vm-1', 'web');
  served.services.vmsById.set(vm.id, vm);
  const client = createAgentClient({ socketPath: dir.join('s') });
  expect((await client.api.vm.list.query()).map(({ name }) => name)).toEqual(['web']);
  await client.api.console.write.mutate({ vm: 'web', bytes: Uint8Array.of(0, 1, 255) });
  expect(served.services.typed).toEqual([Uint8Array.of(0, 1, 255)]);
  expect(served.server.clients()).toBe(2);
  await client.close();
  await waitFor('both connections to close', () => served.server.clients() === 0);
});

test('errors keep their code over a WebSocket; one message may not be too long', async () => {
  using dir = tempDir();
  await using _served = await serveDouble(dir.join('s'));
  const client = createAgentClient({ socketPath: dir.join('s') });
  const failure = (promise: Promise<unknown>) => promise.then(() => expect.unreachable(), fromTrpcError);
  expect(await failure(client.api.vm.get.query({ vm: 'nobody' }))).toMatchObject({ code: 'VM_NOT_FOUND', message: 'no VM nobody' });
  expect(await failure(client.api.console.write.mutate({ vm: 'web', bytes: new Uint8Array(65_537) }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(await failure(client.api.console.write.mutate({ vm: 'web', bytes: new Uint8Array(5 << 20) }))).toMatchObject({ code: 'AGENT_UNREACHABLE' });
  await client.close();
});

test('an agent that comes back: events and console bytes go on without a gap or a double', async () => {
  using dir = tempDir();
  const socketPath = dir.join('s');
  const services = doubleServices();
  const vm = doubleVm('vm-1');
  services.vmsById.set(vm.id, vm);
  services.append();
  const states: ConnectionState[] = [];
  const client = createAgentClient({ socketPath, onState: (state) => states.push(state) });
  const events: EventMessage[] = [];
  let printed = '';
  const watching = client.api.event.watch.subscribe({ since: null }, { onData: ({ data }) => events.push(data) });
  const attached = client.api.console.attach.subscribe(
    { vm: 'vm-1' },
    { onData: ({ data }) => (printed += data.kind === 'data' ? Buffer.from(data.bytes).toString() : '') },
  );
  let expected = '';
  const print = (text: string) => {
    expected += text;
    services.print(Buffer.from(text));
  };
  print('before any agent;');
  for (const life of [1, 2, 3]) {
    await using _served = await serveDouble(socketPath, services);
    // "From now on" begins with the agent's first word, which may come a moment after the connection.
    await waitFor(`connection ${life}`, () => client.state().kind === 'connected' && events.length > 0);
    print(`life ${life};`);
    services.append();
    await waitFor(`what happened in life ${life}`, () => printed === expected && events.at(-1)?.kind === 'event' && lastSeq(events) === services.stored.length);
    print(`unseen ${life};`);
    services.append();
  }
  await waitFor('the loss to be noticed', () => client.state().kind === 'lost');
  const last = services.stored.length;
  {
    await using _served = await serveDouble(socketPath, services);
    await waitFor('the rest', () => printed === expected && lastSeq(events) === last);
    watching.unsubscribe();
    attached.unsubscribe();
    await waitFor('the streams to end', () => services.streams === 0);
    await client.close();
  }
  const seqs = events.flatMap((message) => (message.kind === 'event' ? [message.event.seq] : []));
  expect(seqs).toEqual(Array.from({ length: last - 1 }, (_, index) => index + 2));
  expect(states.map(({ kind }) => kind)).toContain('lost');
  expect(states.find((state) => state.kind === 'lost')).toMatchObject({ reason: { code: 'AGENT_UNREACHABLE' } });
});

test('an event number of another life of the data directory is noticed, not waited for', async () => {
  using dir = tempDir();
  await using served = await serveDouble(dir.join('s'));
  served.services.append();
  const client = createAgentClient({ socketPath: dir.join('s') });
  const events: EventMessage[] = [];
  const watching = client.api.event.watch.subscribe({ since: 99 }, { onData: ({ data }) => events.push(data) });
  await waitFor('the place', () => events.length === 1);
  expect(events).toEqual([{ kind: 'from', seq: 1, missed: true }]);
  served.services.append();
  await waitFor('the next event', () => lastSeq(events) === 2);
  watching.unsubscribe();
  await client.close();
});

test('a call made while nobody listens waits for the agent; one under way when it dies fails', async () => {
  using dir = tempDir();
  const socketPath = dir.join('s');
  const client = createAgentClient({ socketPath });
  const listed = client.api.vm.list.query();
  await waitFor('a failed attempt', () => client.state().kind === 'lost');
  const services = doubleServices();
  const vm = doubleVm('vm-1');
  services.vmsById.set(vm.id, vm);
  let stopped: Promise<unknown>;
  {
    await using _served = await serveDouble(socketPath, services);
    expect(await listed).toHaveLength(1);
    stopped = client.api.vm.stop.mutate({ vm: 'vm-1' }).then(() => expect.unreachable(), fromTrpcError);
    await waitFor('the stop to wait', () => services.waiting.has('stop'));
  }
  expect(await stopped).toMatchObject({ code: 'AGENT_UNREACHABLE', message: expect.stringContaining('lost') });
  await waitFor('its wait in the agent to end', () => services.waiting.size === 0);
  await client.close();
});

test('more calls at once than a connection may have are refused, and a place that is left is free again', async () => {
  using dir = tempDir();
  await using served = await serveDouble(dir.join('s'), doubleServices(), { maxCalls: 2 });
  const client = createAgentClient({ socketPath: dir.join('s') });
  const refused = Promise.withResolvers<unknown>();
  const one = client.api.vm.watch.subscribe(undefined, { onData: () => {} });
  const two = client.api.vm.watch.subscribe(undefined, { onData: () => {} });
  await waitFor('two streams', () => served.services.streams === 2);
  client.api.vm.watch.subscribe(undefined, { onError: refused.resolve });
  expect(fromTrpcError(await refused.promise)).toMatchObject({ code: 'TOO_MANY' });
  one.unsubscribe();
  await waitFor('one stream to end', () => served.services.streams === 1);
  expect(await client.api.vm.list.query()).toEqual([]);
  two.unsubscribe();
  await client.close();
});

const lastSeq = (events: EventMessage[]): number => {
  const last = events.at(-1);
  return last === undefined ? 0 : last.kind === 'event' ? last.event.seq : last.seq;
};
