import { afterEach, beforeEach, expect, test } from 'bun:test';
import { createServer, type Server, type Socket } from 'node:net';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { z } from 'zod';
import { systemClock } from '../clock.ts';
import { createQmpLink, type QmpLink } from './qmp.ts';

type Command = { execute: string; id: number };

/** Speaks QMP as the test tells it to. */
let dir: TempDir;
let server: Server;
let peers: Socket[];
let link: QmpLink;
let told: string[];
let onCommand: (command: Command, peer: Socket) => void;
let greets: boolean;

const say = (peer: Socket, value: unknown) => void peer.write(`${JSON.stringify(value)}\r\n`);
const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 0 } }, capabilities: [] } };
const timestamp = { seconds: 1, microseconds: 500_000 };

beforeEach(async () => {
  dir = tempDir('qmp');
  peers = [];
  told = [];
  greets = true;
  onCommand = ({ id }, peer) => say(peer, { return: { id }, id });
  server = createServer((peer) => {
    peers.push(peer);
    peer.on('error', () => {});
    peer.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) {
        const command: Command = JSON.parse(line);
        if (command.execute === 'qmp_capabilities') say(peer, { return: {}, id: command.id });
        else onCommand(command, peer);
      }
    });
    if (greets) say(peer, greeting);
  });
  await new Promise<void>((resolve) => server.listen(dir.join('qmp.sock'), resolve));
  link = createQmpLink({
    runDir: dir.path,
    files: { shortPath: (folder, name) => ({ path: `${folder}/${name}`, [Symbol.dispose]: () => {} }) },
    clock: systemClock(),
    onAnswer: () => told.push('answer'),
    onSilence: () => told.push('silence'),
    onEvent: (event) => told.push(event.event),
  });
});

afterEach(async () => {
  link.close();
  for (const peer of peers) peer.destroy();
  await new Promise((resolve) => server.close(resolve));
  dir[Symbol.dispose]();
});

const own = z.object({ id: z.number() });

test('replies find their callers in any order, and events are told', async () => {
  const held: number[] = [];
  onCommand = ({ id }, peer) => {
    held.push(id);
    if (held.length < 2) return;
    say(peer, { event: 'STOP', timestamp });
    for (const each of held.reverse()) say(peer, { return: { id: each }, id: each });
  };
  expect(await link.connect()).toBe(true);
  const [first, second] = await Promise.all([link.call('one', {}, own, {}), link.call('two', {}, own, {})]);
  expect(second.id).toBe(first.id + 1);
  expect(told).toContain('STOP');
});

test('a refusal has the words of QEMU', async () => {
  onCommand = ({ id }, peer) => say(peer, { error: { class: 'DeviceNotFound', desc: "Device 'x' not found" }, id });
  await link.connect();
  await expect(link.call('device_del', {}, own, {})).rejects.toMatchObject({
    name: 'QmpRefusal',
    errorClass: 'DeviceNotFound',
    message: "QEMU refused device_del: Device 'x' not found",
  });
});

test('a call ends by its deadline, and the answer that comes later harms nobody', async () => {
  const late: (() => void)[] = [];
  onCommand = ({ id, execute }, peer) => {
    if (execute === 'slow') late.push(() => say(peer, { return: { id: -1 }, id }));
    else say(peer, { return: { id }, id });
  };
  await link.connect();
  await expect(link.call('slow', {}, own, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'HYPERVISOR_UNRESPONSIVE' });
  expect(told.at(-1)).toBe('silence');
  for (const answer of late) answer();
  expect((await link.call('quick', {}, own, {})).id).toBeGreaterThan(0);
});

test('without a greeting the call says that somebody else may hold the line', async () => {
  greets = false;
  await link.connect();
  await expect(link.call('query-status', {}, own, { timeoutMs: 30 })).rejects.toThrow('another program holds its qmp.sock');
  expect(told).toEqual(['silence']);
  // The other one lets go: what was connected before goes on by itself.
  for (const peer of peers) say(peer, greeting);
  expect(await link.ready({ timeoutMs: 5000 })).toBe(true);
});

test('an abort ends the wait with its own reason', async () => {
  const leaving = new AbortController();
  onCommand = () => leaving.abort(new Error('left'));
  await link.connect();
  await expect(link.call('query-status', {}, own, { signal: leaving.signal })).rejects.toThrow('left');
  expect(told).not.toContain('silence');
});

test('a broken line fails what waits on it, and can be made anew', async () => {
  onCommand = (_command, peer) => peer.destroy();
  await link.connect();
  await expect(link.call('quit', {}, own, {})).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
  await waitFor('the line to be seen broken', () => !link.connected());
  onCommand = ({ id }, peer) => say(peer, { return: { id }, id });
  expect(await link.connect()).toBe(true);
  expect((await link.call('again', {}, own, {})).id).toBeGreaterThan(0);
});

test('a line without an end is cut off: input is bounded', async () => {
  onCommand = (_command, peer) => void peer.write(Buffer.alloc(5 * 1024 * 1024, 'x'));
  await link.connect();
  await expect(link.call('query-pci', {}, own, {})).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
});

test('an answer of another shape, and lines that are no QMP, are not trusted', async () => {
  onCommand = ({ id }, peer) => {
    peer.write('not json\n[]\n{"return": 1}\n');
    say(peer, { return: { running: 'yes' }, id });
  };
  await link.connect();
  await expect(link.call('query-status', {}, own, {})).rejects.toThrow('something unexpected');
});

test('nobody listens: connect says so, and a closed link stays closed', async () => {
  link.close();
  expect(await link.connect()).toBe(false);
  await expect(link.call('query-status', {}, own, {})).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
});
