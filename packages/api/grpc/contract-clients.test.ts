import { expect, test } from 'bun:test';
import { asVmId } from '@mvirt/domain';
import { noPython } from '@mvirt/testkit/contract/python';
import { type Connection, type Message, openPythonClient, type Stream } from '@mvirt/testkit/contract/python-client';
import { type Generation, generations } from '@mvirt/testkit/contract/tables';
import { type Bench, type BenchOptions, openBench } from '@mvirt/testkit/engine/bench';
import { bridgeVersion, serveGrpc } from '@mvirt/testkit/grpc-bridge';
import { waitFor } from '@mvirt/testkit/wait-for';

const missing = noPython();
if (missing) console.log(`skipped: ${missing}`);

const [stopped, running] = [1, 3];

/** The bridge over an engine in a fake world, and a client of another make, which was generated from the contract's tables. */
async function open(generation: Generation, options: BenchOptions = {}) {
  await using parts = new AsyncDisposableStack();
  const bench = parts.use(await openBench(options));
  const bridge = parts.use(await serveGrpc(bench.engine(), null));
  const python = parts.use(await openPythonClient(generation));
  const whole = parts.move();
  return {
    bench,
    bridge,
    connect: () => python.connect(bridge.target),
    async [Symbol.asyncDispose]() {
      await whole.disposeAsync();
      expect(bridge.defects).toEqual([]);
    },
  };
}

/** A create request as first-release clients send it. */
const plain = (bench: Bench, fields: Message = {}, config: Message = {}): Message => ({
  ...fields,
  config: { vcpus: 1, memory_mb: '64', kernel: bench.file('kernel'), ...config },
});

const code = async (call: Promise<{ code: string; details: string }>): Promise<string> => {
  const outcome = await call;
  return `${outcome.code} ${outcome.details}`;
};

/** Lets the engine's time pass until it is so. */
const inTime = (bench: Bench, what: string, condition: () => boolean) =>
  waitFor(
    what,
    async () => {
      await bench.clock.advance(20);
      return condition();
    },
    { timeoutMs: 20_000 },
  );

for (const generation of generations) {
  const title = (text: string) => `a client of ${generation}: ${text}`;

  test.skipIf(missing !== null)(title("a VM's life, method by method, and what each refuses"), async () => {
    await using world = await open(generation);
    const { bench } = world;
    const client = world.connect();
    const config = {
      vcpus: 2,
      memory_mb: '128',
      kernel: bench.file('kernel'),
      initramfs: bench.file('initramfs'),
      cmdline: 'a="b c"',
      user_data: '#cloud-config\n',
    };
    const created = await client.call('CreateVm', { name: 'web', config: { ...config, disks: [{ path: bench.file('d.raw'), readonly: true }], nics: [{}] } });
    const { id } = created;
    expect(created).toMatchObject({ name: 'web', state: stopped, config: { ...config, disks: [{ path: bench.dir.join('d.raw'), readonly: true }] } });
    expect([created.created_at, 'started_at' in created]).toEqual([`${Math.floor(bench.clock.nowMs() / 1000)}`, false]);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    expect(await client.call('GetVm', { id })).toEqual(created);

    await bench.clock.advance(2000);
    const twin = await client.call('CreateVm', plain(bench, { name: 'web' }));
    await bench.clock.advance(2000);
    const nameless = await client.call('CreateVm', plain(bench));
    expect('name' in nameless).toBe(false);
    expect((await client.call('ListVms')).vms.map((vm: Message) => vm.id)).toEqual([nameless.id, twin.id, id]);

    expect(await code(client.fail('StopVm', { id, timeout_seconds: 1 }))).toStartWith('FAILED_PRECONDITION ');
    expect(await code(client.fail('KillVm', { id }))).toStartWith('FAILED_PRECONDITION ');
    const started = await client.call('StartVm', { id });
    expect([started.state, started.started_at]).toEqual([running, `${Math.floor(bench.clock.nowMs() / 1000)}`]);
    expect(await code(client.fail('StartVm', { id }))).toStartWith('FAILED_PRECONDITION ');
    expect(await code(client.fail('DeleteVm', { id }))).toStartWith('FAILED_PRECONDITION ');

    const disk = { path: bench.file('more.raw') };
    expect((await client.call('AttachDisk', { vm_id: id, disk })).config.disks).toHaveLength(2);
    expect(await code(client.fail('AttachDisk', { vm_id: id, disk }))).toStartWith('ALREADY_EXISTS ');
    expect((await client.call('DetachDisk', { vm_id: id, path: disk.path })).config.disks).toHaveLength(1);
    expect(await code(client.fail('DetachDisk', { vm_id: id, path: disk.path }))).toStartWith('NOT_FOUND ');
    const mac = '52:54:00:00:00:77';
    expect((await client.call('AttachNic', { vm_id: id, nic: { mac } })).config.nics).toEqual([expect.anything(), { mac }]);
    expect((await client.call('DetachNic', { vm_id: id, mac })).config.nics).toHaveLength(1);
    expect(await code(client.fail('DetachNic', { vm_id: id, mac }))).toStartWith('NOT_FOUND ');

    const off = await client.call('StopVm', { id, timeout_seconds: 30 });
    expect([off.state, off.started_at]).toEqual([stopped, started.started_at]);
    await client.call('StartVm', { id });
    expect((await client.call('KillVm', { id })).state).toBe(stopped);
    expect(await client.call('DeleteVm', { id })).toEqual({});
    for (const method of ['GetVm', 'StartVm', 'StopVm', 'KillVm', 'DeleteVm'])
      expect(await code(client.fail(method, { id }))).toBe(`NOT_FOUND VM ${id} not found`);
    expect(await code(client.fail('AttachDisk', { vm_id: id, disk }))).toBe(`NOT_FOUND VM ${id} not found`);
    expect(await code(client.fail('CreateVm', { name: 'x' }))).toBe('INVALID_ARGUMENT config is required');
    bench.hypervisor.failNextLaunch('no such machine');
    expect(await code(client.fail('StartVm', { id: twin.id }))).toMatch(/^INTERNAL .*no such machine/);
    expect((await client.call('GetVm', { id: twin.id })).state).toBe(stopped);
  });

  test.skipIf(missing !== null)(title('WatchVms tells each milestone once, in order, with the VM as it was; of one VM alone where it is named'), async () => {
    await using world = await open(generation);
    const { bench } = world;
    const client = world.connect();
    const other = (await client.call('CreateVm', plain(bench, { name: 'other' }))).id;
    const all = client.watch();
    const one = client.watch({ vm_id: other });
    await Promise.all([all.ready, one.ready]);
    const { id } = await client.call('CreateVm', plain(bench, { name: 'web' }));
    await client.call('StartVm', { id });
    await bench.vms().pause(asVmId(id), {});
    await bench.vms().resume(asVmId(id), {});
    await client.call('AttachDisk', { vm_id: id, disk: { path: bench.file('more.raw') } });
    await client.call('StopVm', { id, timeout_seconds: 30 });
    await client.call('DeleteVm', { id });
    await client.call('StartVm', { id: other });
    await client.call('KillVm', { id: other });
    const told = ({ messages }: Stream) => messages.map(({ vm_id, type, vm }) => [vm_id, type, vm?.state]);
    await all.until(6);
    await one.until(2);
    const ofOther = [
      [other, 2, running],
      [other, 3, stopped],
    ];
    expect(told(all)).toEqual([[id, 1, stopped], [id, 2, running], [id, 3, stopped], [id, 4, stopped], ...ofOther]);
    expect(told(one)).toEqual(ofOther);
    for (const { timestamp } of all.messages) expect(timestamp).toMatch(/^\d{10}$/);
    all.cancel();
    expect((await all.ended()).code).toBe('CANCELLED');
    expect((await client.watch({ vm_id: 'nosuch' }).ended()).code).toBe('NOT_FOUND');
  });

  test.skipIf(missing !== null)(title('consoles: 16 at once, both ways, over with the run'), async () => {
    await using world = await open(generation);
    const { bench } = world;
    const client = world.connect();
    const refused = async (send: (console: ReturnType<Connection['console']>) => void) => {
      const console = client.console();
      send(console);
      return (await console.ended()).code;
    };
    const { id } = await client.call('CreateVm', plain(bench, { name: 'web' }));
    expect(await refused((console) => console.send('x'))).toBe('INVALID_ARGUMENT');
    expect(await refused((console) => console.send('x', 'nosuch'))).toBe('NOT_FOUND');
    expect(await refused((console) => console.send('x', id))).toBe('FAILED_PRECONDITION');
    await client.call('StartVm', { id });
    const guest = bench.hypervisor.control(id);
    guest.print('before\r\n');
    const consoles = Array.from({ length: 16 }, () => client.console());
    for (const console of consoles) console.send('', id);
    await Promise.all(consoles.map(({ ready }) => ready));
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    guest.print(bytes);
    await inTime(bench, 'all 16 to have it', () => consoles.every((console) => console.seen().length >= bytes.length));
    for (const console of consoles) expect(console.seen()).toBe(bytes.toString('latin1'));
    consoles[3]?.send('\x03\x01typed');
    await inTime(bench, 'the guest to have it', () => Buffer.from(guest.input()).toString().includes('typed'));
    consoles[4]?.cancel();
    expect((await consoles[4]?.ended())?.code).toBe('CANCELLED');
    guest.print('last words');
    await client.call('KillVm', { id });
    for (const console of consoles.filter((_, at) => at !== 4)) {
      expect((await console.ended()).code).toBe('OK');
      expect(console.seen()).toEndWith('last words');
    }
  });

  test.skipIf(missing !== null)(title('deadlines, hanging up, and messages that are too big'), async () => {
    await using world = await open(generation, { hypervisor: { manners: { hearsButton: false } } });
    const { bench } = world;
    const client = world.connect();
    const { id } = await client.call('CreateVm', plain(bench));
    await client.call('StartVm', { id });
    expect((await client.fail('StopVm', { id, timeout_seconds: 0 }, { timeoutS: 0.2 })).code).toBe('DEADLINE_EXCEEDED');
    // The stop has begun, and goes on.
    expect((await client.call('GetVm', { id })).state).toBe(4);
    const stop = client.begin('StopVm', { id, timeout_seconds: 0 });
    expect((await stop.outcome).code).toBe('FAILED_PRECONDITION');
    expect((await client.call('KillVm', { id })).state).toBe(stopped);
    const watch = client.watch();
    await watch.ready;
    client.close();
    expect((await watch.ended()).code).toBe('CANCELLED');
    const again = world.connect();
    const big = { ...plain(bench), name: 'x'.repeat(5 << 20) };
    expect((await again.fail('CreateVm', big)).code).toBe('RESOURCE_EXHAUSTED');
    expect((await again.call('ListVms')).vms).toHaveLength(1);
  });
}

test.skipIf(missing !== null)('a client of v2: its own ids, boot modes, names of any kind, memory of 1, version and system', async () => {
  await using world = await open('v2');
  const { bench } = world;
  const client = world.connect();
  const name = 'Müllers 名, "a/../b" -rf';
  const everything = {
    name,
    id: 'the-callers.own_id',
    config: { vcpus: 200, memory_mb: '1', kernel: bench.file('k'), boot_mode: 2, nested_virt: true, nics: [{ tap: 'tap7', vhost_socket: '/v' }] },
  };
  expect(await client.call('CreateVm', everything)).toMatchObject({ ...everything, state: stopped });
  expect(await code(client.fail('CreateVm', everything))).toStartWith('ALREADY_EXISTS ');
  const config = { vcpus: 1, memory_mb: '64' };
  expect(await code(client.fail('CreateVm', { config: { ...config, boot_mode: 1 } }))).toStartWith('INVALID_ARGUMENT ');
  expect(await code(client.fail('CreateVm', { config: { ...config, boot_mode: 2 } }))).toStartWith('INVALID_ARGUMENT ');
  expect(await code(client.fail('CreateVm', { id: '../x', config: { ...config, kernel: '/k' } }))).toStartWith('INVALID_ARGUMENT ');
  const disk = { path: bench.file('d.raw') };
  expect((await client.call('CreateVm', { config: { ...config, disks: [disk], boot_mode: 1 } })).config).toEqual({ ...config, disks: [disk], boot_mode: 1 });
  // Of a release that is later still.
  expect(await code(client.fail('CreateVm', { config: { ...config, kernel: '/k', boot_mode: 77 } }))).toStartWith('INVALID_ARGUMENT ');
  expect(await client.call('GetVersion')).toEqual({ version: bridgeVersion });
  const system = await client.call('GetSystemInfo');
  expect(system.total_cpus).toBeGreaterThan(0);
  expect(BigInt(system.total_memory_mb)).toBeGreaterThan(0n);
});

test.skipIf(missing !== null)('what a client of v2 has made is read by one of v1', async () => {
  await using world = await open('v2');
  await using first = await openPythonClient('v1');
  const later = world.connect();
  const config = { vcpus: 1, memory_mb: '64', kernel: '/k', boot_mode: 2, nested_virt: true, nics: [{ mac: '52:54:00:00:00:01', vhost_socket: '/v' }] };
  const { id } = await later.call('CreateVm', { name: 'web', config });
  const seen = await first.connect(world.bridge.target).call('GetVm', { id });
  expect(seen).toMatchObject({ id, name: 'web', state: stopped, config: { vcpus: 1, memory_mb: '64', kernel: '/k', nics: [{ mac: '52:54:00:00:00:01' }] } });
  expect('boot_mode' in seen.config).toBe(false);
  const unbooted = await later.call('CreateVm', { config: { vcpus: 1, memory_mb: '64', disks: [{ path: '/d' }], boot_mode: 1 } });
  expect('kernel' in (await first.connect(world.bridge.target).call('GetVm', { id: unbooted.id })).config).toBe(false);
  expect((await first.connect(world.bridge.target).call('ListVms')).vms).toHaveLength(2);
});
