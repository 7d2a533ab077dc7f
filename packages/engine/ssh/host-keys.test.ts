import { expect, test } from 'bun:test';
import { appendFileSync } from 'node:fs';
import type { VmId } from '@mvirt/domain';
import { runDirOf } from '@mvirt/engine';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { waitFor } from '@mvirt/testkit/wait-for';

const keyOf = (fill: number): string => {
  const length = (count: number) => Buffer.from([0, 0, 0, count]);
  return Buffer.concat([length(11), Buffer.from('ssh-ed25519'), length(32), Buffer.alloc(32, fill)]).toString('base64');
};
const block = (fill: number): string => `-----BEGIN SSH HOST KEY KEYS-----\r\nssh-ed25519 ${keyOf(fill)} root@web\r\n-----END SSH HOST KEY KEYS-----\r\n`;
const print = (bench: Bench, id: VmId, text: string) => appendFileSync(`${runDirOf(bench.dir.path, id)}/console.log`, text);
const keysOf = (bench: Bench, id: VmId): string[] => (bench.store().hostKeys.get(id)?.keys ?? []).map(({ key }) => key);
const told = (bench: Bench, id: VmId) => bench.events(id).filter((type) => type === 'host-keys').length;
/** Until the look that comes from time to time has been taken at every VM: the oldest, another one, is looked at last. */
async function later(bench: Bench): Promise<void> {
  const oldest = bench.vms().list().at(-1)?.id as VmId;
  const fill = 100 + told(bench, oldest);
  print(bench, oldest, block(fill));
  await bench.clock.advance(5_000);
  await waitFor('the look to be over', () => keysOf(bench, oldest)[0] === keyOf(fill));
}
async function open(): Promise<Bench> {
  const bench = await openBench();
  await bench.started({ name: 'oldest', ...inMemory(bench) });
  return bench;
}
const restart = async (bench: Bench, id: VmId) => {
  await bench.vms().kill(id, {});
  await bench.vms().start(id, {});
};
const onDisk = (bench: Bench) => ({ nics: [{ network: 'default' }], disks: [{ path: bench.file('web.raw') }] });
const inMemory = (bench: Bench) => ({ nics: [{ network: 'default' }], kernel: bench.file('kernel') });

test('keys of the first boot are kept, whatever is printed later, by this agent or the next', async () => {
  await using bench = await open();
  const id = await bench.started(onDisk(bench));
  print(bench, id, `Booting\r\n${block(1).slice(0, 60)}`);
  await later(bench);
  expect(keysOf(bench, id)).toEqual([]);
  print(bench, id, block(1).slice(60));
  await later(bench);
  expect(keysOf(bench, id)).toEqual([keyOf(1)]);
  expect(bench.engine().events.read({ since: null, vmId: id, limit: 100 }).at(-1)).toMatchObject({
    type: 'host-keys',
    message: expect.stringMatching(/^its guest printed its SSH host keys: ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}$/),
  });
  print(bench, id, block(2));
  await later(bench);
  bench.crash();
  await bench.reborn();
  await restart(bench, id);
  print(bench, id, block(3));
  await later(bench);
  expect([keysOf(bench, id), told(bench, id)]).toEqual([[keyOf(1)], 1]);
});

test('without a writable disk there is nothing to keep keys on: those printed last count, after a reset too', async () => {
  await using bench = await open();
  const id = await bench.started(inMemory(bench));
  print(bench, id, block(1) + block(2));
  await later(bench);
  expect(keysOf(bench, id)).toEqual([keyOf(2)]);
  print(bench, id, block(3));
  await later(bench);
  expect(keysOf(bench, id)).toEqual([keyOf(3)]);
  await restart(bench, id);
  await later(bench);
  expect(keysOf(bench, id)).toEqual([keyOf(3)]);
  bench.crash();
  await bench.reborn();
  print(bench, id, block(4));
  await later(bench);
  expect([keysOf(bench, id), told(bench, id)]).toEqual([[keyOf(4)], 4]);
});

test('what is forgotten does not come back; what was printed after it, or is from now on, does', async () => {
  await using bench = await open();
  const id = await bench.started(onDisk(bench));
  const { ssh } = bench.engine();
  print(bench, id, block(1) + block(2) + block(3));
  await later(bench);
  expect(keysOf(bench, id)).toEqual([keyOf(1)]);
  expect(await ssh.forgetHostKeys(id)).toEqual([{ type: 'ssh-ed25519', key: keyOf(3) }]);
  expect(await ssh.forgetHostKeys(id)).toBeNull();
  await later(bench);
  expect(await ssh.forgetHostKeys(id)).toBeNull();
  bench.crash();
  await bench.reborn();
  await later(bench);
  expect(keysOf(bench, id)).toEqual([]);
  print(bench, id, block(4) + block(5));
  await later(bench);
  expect(keysOf(bench, id)).toEqual([keyOf(4)]);
});

test('an agent finds what was printed while none was there, in runs long over', async () => {
  await using bench = await open();
  const id = await bench.started(onDisk(bench));
  bench.crash();
  print(bench, id, block(7));
  await bench.reborn();
  await restart(bench, id);
  print(bench, id, block(8));
  await later(bench);
  expect(keysOf(bench, id)).toEqual([keyOf(7)]);
});

test('the keys go with their VM, and a VM without a NIC is not looked at', async () => {
  await using bench = await open();
  const deaf = await bench.started({ kernel: bench.file('kernel') });
  print(bench, deaf, block(1));
  const id = await bench.started(onDisk(bench));
  print(bench, id, block(1));
  await later(bench);
  expect([keysOf(bench, deaf), keysOf(bench, id)]).toEqual([[], [keyOf(1)]]);
  await bench.vms().kill(id, {});
  await bench.vms().delete(id, {});
  expect(bench.store().hostKeys.get(id)).toBeNull();
});

test.each([
  ['stopped', /^VM web is stopped$/, 'start it: mvirt start web'],
  ['paused', /^VM web is paused$/, 'let it go on: mvirt resume web'],
  ['running', /^VM web has no address yet$/, 'mvirt wait web ssh waits until it does; mvirt console web shows what its guest is at'],
] as const)('a VM that is %s cannot be reached, and what helps is said', async (state, message, hint) => {
  await using bench = await openBench();
  const id = await bench.create({ name: 'web', ...inMemory(bench) });
  if (state !== 'stopped') await bench.vms().start(id, {});
  if (state === 'paused') await bench.vms().pause(id, {});
  for (const ask of [() => bench.engine().ssh.target(id, { keysWithinMs: 0 }), () => bench.engine().ssh.connect(id, {})]) {
    expect(await ask().catch((error: unknown) => error)).toMatchObject({ code: 'WRONG_STATE', message: expect.stringMatching(message), hint });
  }
});

test('a VM without a NIC never has an address', async () => {
  await using bench = await openBench();
  const id = await bench.started({ name: 'web', kernel: bench.file('kernel') });
  const refused = bench.engine().ssh.target(id, { keysWithinMs: 0 });
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ code: 'WRONG_STATE', hint: 'mvirt attach-nic web gives it one' });
});
