import { expect, test } from 'bun:test';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createLinuxHost } from '@mvirt/host/linux';
import { type ConsoleBench, createConsoleBench } from '@mvirt/testkit/console-bench';
import { patternBytes } from '@mvirt/testkit/console-pattern';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { deepTempDir, type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const mayStay = (file: string) => /^mvirt\.db|^vm(\/vm(\/console\.log)?)?$/.test(file);
const files = createLinuxHost().files;

type RawClient = { socket: Socket; text(): string; ended(): boolean };

/** Connects as socat would, and is sure to be attached: it sees what is printed from now on. */
async function rawClient(bench: ConsoleBench): Promise<RawClient> {
  using short = files.shortPath(bench.runDir(), 'serial.sock');
  const socket = connect(short.path);
  const parts: Buffer[] = [];
  let ended = false;
  socket.on('data', (bytes) => void parts.push(Buffer.from(bytes)));
  socket.on('end', () => {
    ended = true;
  });
  const client = { socket, text: () => Buffer.concat(parts).toString(), ended: () => ended };
  const typedBefore = bench.typed.length;
  socket.write('hello');
  await waitFor('the client to be served', () => bench.typed.length > typedBefore);
  return client;
}

async function rawBench(dir: TempDir, work: (bench: ConsoleBench, path: string) => Promise<void>): Promise<void> {
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  bench.run('first');
  bench.print('before anybody came\n');
  await work(bench, `${bench.runDir()}/serial.sock`);
  bench.hub().runEnded(bench.id);
}

test('raw clients see what is printed from their coming on, type, and get the last byte before the end', async () => {
  using dir = tempDir('raw');
  await rawBench(dir, async (bench, path) => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const first = await rawClient(bench);
    bench.print('one\n');
    await waitFor('one', () => first.text() === 'one\n');
    const second = await rawClient(bench);
    bench.print('two\n');
    await waitFor('two', () => first.text() === 'one\ntwo\n' && second.text() === 'two\n');
    second.socket.write('typed by the second');
    await waitFor('the typing', () => bench.typed.includes('typed by the second'));
    second.socket.destroy();
    bench.print(patternBytes(0, 300_000));
    bench.hub().runEnded(bench.id);
    await waitFor('the end', () => first.ended());
    expect(first.text() === `one\ntwo\n${patternBytes(0, 300_000)}`).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(bench.complaints).toEqual([]);
  });
});

test('a directory of 150 characters, and a socket that a dead agent left', async () => {
  using dir = deepTempDir(150);
  await rawBench(dir, async (bench, path) => {
    bench.crash();
    writeFileSync(path, 'left behind');
    bench.run('first');
    expect(statSync(path).isSocket()).toBe(true);
    const client = await rawClient(bench);
    bench.print('seen\n');
    await waitFor('seen', () => client.text() === 'seen\n');
    client.socket.destroy();
  });
});

test('a raw client that does not read holds up nobody', async () => {
  using dir = tempDir('raw');
  await rawBench(dir, async (bench) => {
    const stalled = await rawClient(bench);
    stalled.socket.pause();
    const quick = await rawClient(bench);
    for (let block = 0; block < 8; block++) bench.print(patternBytes(block * 1024 * 1024, (block + 1) * 1024 * 1024));
    await waitFor('all of it', () => quick.text().length === 8 * 1024 * 1024);
    expect(stalled.text().length).toBeLessThan(4 * 1024 * 1024);
    stalled.socket.resume();
    await waitFor('the stalled one to go on', () => stalled.text().length === 8 * 1024 * 1024);
    expect(stalled.text() === quick.text()).toBe(true);
    for (const { socket } of [stalled, quick]) socket.destroy();
  });
});
