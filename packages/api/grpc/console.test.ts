import { expect, test } from 'bun:test';
import { asVmId, MvirtError } from '@mvirt/domain';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { type GrpcBench, openGrpcBench } from '@mvirt/testkit/grpc-bench';
import { serveGrpc } from '@mvirt/testkit/grpc-bridge';
import { openGrpcClient } from '@mvirt/testkit/grpc-client';
import { type GrpcConsole, openGrpcConsole } from '@mvirt/testkit/grpc-console';
import { waitFor } from '@mvirt/testkit/wait-for';

/** Lets the engine's time pass until a console shows it. */
const shown = ({ bench }: GrpcBench, what: string, condition: () => boolean) =>
  waitFor(what, async () => {
    await bench.clock.advance(20);
    return condition();
  });

async function attach({ client }: GrpcBench, id: string, first = ''): Promise<GrpcConsole> {
  const console = openGrpcConsole(client, id, first);
  await console.attached;
  return console;
}

test('Console: the first message names a VM that runs', async () => {
  await using grpc = await openGrpcBench();
  const refusedAs = (id: string) => openGrpcConsole(grpc.client, id, 'x').ended;
  expect(await refusedAs('')).toBe('INVALID_ARGUMENT vm_id: the first message must name a VM');
  expect(await refusedAs('nope')).toBe('NOT_FOUND VM nope not found');
  await grpc.create({}, { id: 'a', name: 'web' });
  expect(await refusedAs('a')).toBe('FAILED_PRECONDITION VM web is not running: it is stopped');
  const silent = grpc.client.console();
  const ended = new Promise((resolve) => silent.on('status', ({ details }) => resolve(details)));
  silent.on('error', () => {}).resume();
  silent.end();
  expect(await ended).toBe('vm_id: the first message must name a VM');
});

test('Console: live from the call on, both ways, until the run ends', async () => {
  await using grpc = await openGrpcBench();
  await grpc.started({}, { id: 'a' });
  const guest = grpc.bench.hypervisor.control('a');
  guest.print('printed before\n');
  const console = await attach(grpc, 'a', 'first ');
  await shown(grpc, 'the echo of the first message', () => console.text() === 'first ');
  console.type('second\r');
  guest.print(Uint8Array.of(0, 255, 10));
  await shown(grpc, 'what came after it', () => console.bytes() === 'first second\r'.length + 3);
  expect(Buffer.from(guest.input()).toString()).toBe('first second\r');

  console.halfClose();
  guest.print('last words');
  guest.powerOff();
  await shown(grpc, 'the VM to be off', () => grpc.bench.state(asVmId('a')) === 'stopped');
  expect(await console.ended).toBe('OK OK');
  expect(console.text()).toEndWith('last words');
});

test('Console of another VM cannot be had on the same call', async () => {
  await using grpc = await openGrpcBench();
  await grpc.started({}, { id: 'a' });
  const call = grpc.client.console();
  const ended = new Promise((resolve) => call.on('status', ({ details }) => resolve(details)));
  call.on('error', () => {}).resume();
  call.write({ vm_id: 'a', data: Buffer.alloc(0) });
  call.write({ vm_id: 'a', data: Buffer.alloc(0) });
  call.write({ vm_id: 'b', data: Buffer.alloc(0) });
  expect(await ended).toBe("vm_id: this console is VM a's, and cannot become that of b");
});

test('Console: 16 at once on one connection, each with every byte; who hangs up disturbs nobody', async () => {
  await using grpc = await openGrpcBench();
  await grpc.started({}, { id: 'a' });
  const guest = grpc.bench.hypervisor.control('a');
  guest.manners.echoes = false;
  const consoles = await Promise.all(Array.from({ length: 16 }, () => attach(grpc, 'a')));
  for (const console of consoles) console.type('k');
  await waitFor('every key to arrive', () => guest.input().length === 16);
  consoles[0]?.hangUp();
  const lines = Array.from({ length: 2000 }, (_, index) => `line ${index}\n`).join('');
  guest.print(lines);
  await shown(grpc, 'all of it on all others', () => consoles.slice(1).every((console) => console.bytes() === lines.length));
  for (const console of consoles.slice(1)) expect(console.text()).toBe(lines);
  expect(await consoles[0]?.ended).toStartWith('CANCELLED');
});

test('Console: a client that stops reading costs a bounded amount of memory, and slows nobody', async () => {
  await using grpc = await openGrpcBench();
  const engine = grpc.bench.engine();
  await grpc.started({}, { id: 'a' });
  // Counts what is taken out of the log for each console, in the order of their calls.
  const taken: number[] = [];
  const attachCounted: typeof engine.consoles.attach = (id, options) => {
    const index = taken.push(0) - 1;
    return (async function* () {
      for await (const message of engine.consoles.attach(id, options)) {
        if (message.kind === 'data') taken[index] = (taken[index] ?? 0) + message.bytes.length;
        yield message;
      }
    })();
  };
  await using bridge = await serveGrpc({ ...engine, consoles: { ...engine.consoles, attach: attachCounted } }, null);
  using slowClient = openGrpcClient(bridge.target);
  using quickClient = openGrpcClient(bridge.target);
  const slow = openGrpcConsole(slowClient, 'a');
  await slow.attached;
  slow.pause();
  const quick = openGrpcConsole(quickClient, 'a');
  await quick.attached;

  const guest = grpc.bench.hypervisor.control('a');
  const block = Buffer.alloc(1 << 20, 'x');
  for (let mib = 1; mib <= 12; mib++) {
    guest.print(block);
    await shown(grpc, `${mib} MiB at the one that reads`, () => quick.bytes() === mib * block.length);
  }
  expect(taken[1]).toBe(12 * block.length);
  expect(taken[0]).toBeLessThan(4 * block.length);
  slow.resume();
  await shown(grpc, 'the slow one to catch up', () => slow.bytes() === 12 * block.length);
});

test('Console: while the guest takes no input, no more of it is read', async () => {
  const services = doubleServices();
  const vm = { ...doubleVm('a'), condition: { ...doubleVm('a').condition, observed: 'running' as const } };
  services.vmsById.set(vm.id, vm);
  const gate = Promise.withResolvers<void>();
  let taken = 0;
  const write: typeof services.consoles.write = async (_, bytes) => {
    await gate.promise;
    taken += bytes.length;
  };
  await using bridge = await serveGrpc({ ...services, consoles: { ...services.consoles, write } }, null);
  using client = openGrpcClient(bridge.target);
  const call = client.console();
  call.on('error', () => {}).resume();
  const messages = 512;
  let left = 0;
  call.write({ vm_id: 'a', data: Buffer.alloc(0) });
  for (let count = 0; count < messages; count++) call.write({ vm_id: '', data: Buffer.alloc(65_536) }, () => left++);
  await waitFor('some of it to be on its way', () => left > 0);
  for (let turn = 0; turn < 20; turn++) await client.call('GetVersion', {});
  expect(left).toBeLessThan(messages / 4);
  expect(taken).toBe(0);
  gate.resolve();
  await waitFor('all of it to arrive', () => taken === messages * 65_536);
  call.cancel();
  await waitFor('the console to be let go', () => services.streams === 0);
});

test('Console that takes no input says so, and a guest that reads nothing ends only its writer', async () => {
  const services = doubleServices();
  const vm = { ...doubleVm('a'), condition: { ...doubleVm('a').condition, observed: 'running' as const } };
  services.vmsById.set(vm.id, vm);
  const failures = [
    new MvirtError({ code: 'CONSOLE_READ_ONLY', message: 'the console takes no input: adopted' }),
    new MvirtError({ code: 'TIMEOUT', message: 'the guest read nothing' }),
    new MvirtError({ code: 'WRONG_STATE', message: 'nobody can talk to this VMM' }),
  ];
  const write: typeof services.consoles.write = async () => {
    throw failures.shift();
  };
  await using bridge = await serveGrpc({ ...services, consoles: { ...services.consoles, write } }, null);
  using client = openGrpcClient(bridge.target);
  const listener = openGrpcConsole(client, 'a');
  await listener.attached;
  expect(await openGrpcConsole(client, 'a', 'x').ended).toBe('FAILED_PRECONDITION the console takes no input: adopted');
  expect(await openGrpcConsole(client, 'a', 'x').ended).toBe('DEADLINE_EXCEEDED the guest read nothing');
  expect(await openGrpcConsole(client, 'a', 'x').ended).toBe('FAILED_PRECONDITION nobody can talk to this VMM');
  services.print(Buffer.from('hello'));
  await waitFor('the listener to go on', () => listener.text() === 'hello');
});

test('Console: who types while the VMM ends still gets the last words, and an end that is no failure', async () => {
  const services = doubleServices();
  const vm = { ...doubleVm('a'), condition: { ...doubleVm('a').condition, observed: 'running' as const } };
  services.vmsById.set(vm.id, vm);
  const refused = Promise.withResolvers<void>();
  const write: typeof services.consoles.write = async () => {
    refused.resolve();
    throw new MvirtError({ code: 'CONSOLE_READ_ONLY', message: 'the console takes no input: the VMM has ended' });
  };
  const attach: typeof services.consoles.attach = async function* () {
    await refused.promise;
    await new Promise<void>((resolve) => setImmediate(resolve));
    yield { kind: 'data', bytes: Buffer.from('last words'), cursor: 'log:10' };
    yield { kind: 'run', running: false, cursor: 'log:10' };
  };
  await using bridge = await serveGrpc({ ...services, consoles: { attach, write } }, null);
  using client = openGrpcClient(bridge.target);
  const console = openGrpcConsole(client, 'a', 'x');
  expect(await console.ended).toBe('OK OK');
  expect(console.text()).toBe('last words');
});
