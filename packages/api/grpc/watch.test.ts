import { expect, test } from 'bun:test';
import { type ServiceError, status } from '@grpc/grpc-js';
import { asVmId } from '@mvirt/domain';
import { type GrpcBench, openGrpcBench } from '@mvirt/testkit/grpc-bench';
import { waitFor } from '@mvirt/testkit/wait-for';
import { type VmEvent, VmEventType, VmState } from '../wire/index.ts';

type Watch = { events: VmEvent[]; told(): string[]; ended: Promise<string>; pause(): void; resume(): void; hangUp(): void };

/** Resolves once the server says that it tells what happens from here on. */
async function watch({ client }: GrpcBench, vmId?: string): Promise<Watch> {
  const call = client.watch(vmId === undefined ? {} : { vm_id: vmId });
  const events: VmEvent[] = [];
  const ended = Promise.withResolvers<string>();
  const ready = Promise.withResolvers<void>();
  call.on('data', (event) => events.push(event));
  call.on('metadata', () => ready.resolve());
  call.on('end', () => ended.resolve('OK'));
  call.on('error', ({ code, details }: ServiceError) => {
    ended.resolve(`${status[code]} ${details}`);
    ready.resolve();
  });
  await ready.promise;
  const told = () => events.map(({ vm_id, type, vm }) => `${vm_id} ${names[type]} ${vm?.state}`);
  return { events, told, ended: ended.promise, pause: () => void call.pause(), resume: () => void call.resume(), hangUp: () => call.cancel() };
}

const names = Object.fromEntries(Object.entries(VmEventType).map(([name, value]) => [value, name]));
const { STOPPED, RUNNING } = VmState;

async function life({ client, create, bench }: GrpcBench, id: string): Promise<void> {
  await create({}, { id, name: `name of ${id}` });
  await client.call('StartVm', { id });
  await bench.vms().pause(asVmId(id), {});
  await bench.vms().resume(asVmId(id), {});
  const path = bench.file(`disk of ${id}`);
  await client.call('AttachDisk', { vm_id: id, disk: { path, readonly: false } });
  await client.call('DetachDisk', { vm_id: id, path });
  await client.call('KillVm', { id });
  await client.call('DeleteVm', { id });
}

const lifeOf = (id: string) => [`${id} CREATED ${STOPPED}`, `${id} STARTED ${RUNNING}`, `${id} STOPPED ${STOPPED}`, `${id} DELETED ${STOPPED}`];

test('WatchVms: created, started, stopped and deleted, once each, in order, with the VM as it was then', async () => {
  await using grpc = await openGrpcBench();
  const all = await watch(grpc);
  await life(grpc, 'a');
  await waitFor('the whole life', () => all.events.length >= 4);
  expect(all.told()).toEqual(lifeOf('a'));
  expect(all.events[3]).toMatchObject({ vm: { name: 'name of a', config: { vcpus: 1 } }, timestamp: expect.stringMatching(/^\d{10}$/) });
});

test('WatchVms of one VM tells of no other', async () => {
  await using grpc = await openGrpcBench();
  await grpc.create({}, { id: 'b' });
  const one = await watch(grpc, 'b');
  await life(grpc, 'a');
  await grpc.client.call('StartVm', { id: 'b' });
  grpc.bench.hypervisor.control('b').crash('SIGSEGV');
  await grpc.bench.until(asVmId('b'), 'stopped');
  await grpc.client.call('DeleteVm', { id: 'b' });
  await waitFor('the life of b', () => one.events.length >= 3);
  expect(one.told()).toEqual(lifeOf('b').slice(1));
  expect(await (await watch(grpc, 'b')).ended).toBe('NOT_FOUND VM b not found');
  await grpc.create({}, { id: 'b' });
  await waitFor('another VM of that id', () => one.told()[3] === lifeOf('b')[0]);
});

test('WatchVms: a start that fails is no milestone, and a stream without a reader loses none', async () => {
  await using grpc = await openGrpcBench();
  const slow = await watch(grpc);
  slow.pause();
  await grpc.create({}, { id: 'a' });
  grpc.bench.hypervisor.failNextLaunch('no');
  await grpc.client.call('StartVm', { id: 'a' }).catch(() => {});
  for (let lives = 0; lives < 50; lives++) {
    await grpc.client.call('StartVm', { id: 'a' });
    await grpc.client.call('KillVm', { id: 'a' });
  }
  slow.resume();
  const wanted = [`a CREATED ${STOPPED}`, ...Array.from({ length: 50 }, () => [`a STARTED ${RUNNING}`, `a STOPPED ${STOPPED}`]).flat()];
  await waitFor('all of them', () => slow.events.length >= wanted.length);
  expect(slow.told()).toEqual(wanted);
});

test('WatchVms ends with UNAVAILABLE when the agent shuts down, and what it held is let go when a client hangs up', async () => {
  await using grpc = await openGrpcBench();
  const left = await watch(grpc);
  left.hangUp();
  expect(await left.ended).toStartWith('CANCELLED');
  const stays = await watch(grpc);
  await grpc.bridge.server.close();
  expect(await stays.ended).toBe('UNAVAILABLE the agent is shutting down');
});
