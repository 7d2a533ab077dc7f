import { expect, test } from 'bun:test';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { deepTempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createHostFiles } from './files.ts';
import { createLinuxHost } from './index.ts';
import { createLibc } from './libc.ts';

const files = createHostFiles(createLibc());
const keepAll = () => true;

test('a hole frees what lies before it and moves nothing', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: keepAll });
  const path = dir.join('console.log');
  const size = 1024 * 1024;
  const text = Buffer.alloc(size, 'x');
  writeFileSync(path, text);
  expect(files.allocatedBytes(path)).toBeGreaterThanOrEqual(size);
  expect(files.punchHole(path, 0)).toBe('done');
  expect(readFileSync(path).equals(text)).toBe(true);

  const length = 512 * 1024 + 100;
  expect(files.punchHole(path, length)).toBe('done');
  expect(statSync(path).size).toBe(size);
  expect(files.allocatedBytes(path)).toBeLessThanOrEqual(size - 512 * 1024);
  const after = readFileSync(path);
  expect(after.subarray(0, length).every((byte) => byte === 0)).toBe(true);
  expect(after.subarray(length).equals(text.subarray(length))).toBe(true);
});

test('a hole far beyond 4 GiB counts its bytes right', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: keepAll });
  const path = dir.join('sparse');
  const at = 5 * 1024 ** 3;
  execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=64k', 'count=2', `seek=${at / 65536}`, 'conv=notrunc'], { stdio: 'ignore' });
  const before = files.allocatedBytes(path);
  expect(files.punchHole(path, at + 65536)).toBe('done');
  expect(before - files.allocatedBytes(path)).toBe(65536);
  expect(statSync(path).size).toBe(at + 2 * 65536);
});

test('a clone is a file of its own with the same bytes, or none at all; what is there is not written over', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: keepAll });
  writeFileSync(dir.join('from'), 'x'.repeat(8192), { mode: 0o444 });
  const answer = files.clone(dir.join('from'), dir.join('to'));
  const there = existsSync(dir.join('to'));
  expect([answer, there]).toEqual(answer === 'done' ? ['done', true] : ['refused', false]);
  if (there) expect([readFileSync(dir.join('to'), 'utf8'), statSync(dir.join('to')).mode & 0o777]).toEqual(['x'.repeat(8192), 0o600]);
  writeFileSync(dir.join('taken'), 'mine');
  expect(() => files.clone(dir.join('from'), dir.join('taken'))).toThrow('EEXIST');
  expect(readFileSync(dir.join('taken'), 'utf8')).toBe('mine');
  expect(() => files.clone(dir.join('nosuch'), dir.join('other'))).toThrow('ENOENT');
});

test('a filesystem without holes refuses', async () => {
  if (process.geteuid?.() !== 0) return console.log('skipped, needs root: a filesystem without holes (ramfs)');
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: keepAll });
  const script = `
    const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))});
    require('node:fs').writeFileSync('file', 'x'.repeat(8192));
    console.log(createLinuxHost().files.punchHole('file', 4096));
  `;
  const output = execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t ramfs none "$0" && cd "$0" && exec "$1" -e "$2"', dir.path, process.execPath, script], {
    encoding: 'utf8',
  });
  expect(output).toBe('refused\n');
});

test('a file that is not there is an error, not a silence', () => {
  using dir = tempDir('host');
  const missing = dir.join('missing');
  expect(() => files.punchHole(missing, 1)).toThrow('ENOENT');
  expect(() => files.allocatedBytes(missing)).toThrow('ENOENT');
  expect(() => files.watch(missing, () => {})).toThrow('ENOENT');
  expect(() => files.shortPath(missing, 'x')).toThrow('ENOENT');
});

test('a watch tells a change until it is disposed', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: keepAll });
  const path = dir.join('console.log');
  writeFileSync(path, '');
  let first = 0;
  let second = 0;
  const disposed = files.watch(path, () => first++);
  using _watch = files.watch(path, () => second++);
  appendFileSync(path, 'a');
  await waitFor('both to be told', () => first > 0 && second > 0);
  disposed[Symbol.dispose]();
  const [had, heard] = [first, second];
  appendFileSync(path, 'b');
  await waitFor('the other to be told', () => second > heard);
  expect(first).toBe(had);
});

test('a socket works in a directory with any path', async () => {
  using dir = deepTempDir(300);
  await using _leaks = watchLeaks({ dir: dir.path });
  using short = files.shortPath(dir.path, 'serial.sock');
  expect(short.path.length).toBeLessThan(60);
  const server = createServer((socket) => socket.pipe(socket)).listen(short.path);
  await once(server, 'listening');
  expect(statSync(dir.join('serial.sock')).isSocket()).toBe(true);
  const client = connect(short.path);
  client.write('hello');
  const [echo] = await once(client, 'data');
  expect(String(echo)).toBe('hello');
  client.destroy();
  server.close();
  await once(server, 'close');
});

test('a short path releases its directory once, however often it is disposed', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  const short = files.shortPath(dir.path, 'x');
  short[Symbol.dispose]();
  using other = files.shortPath(dir.path, 'y');
  short[Symbol.dispose]();
  writeFileSync(other.path, 'still valid');
  expect(readFileSync(dir.join('y'), 'utf8')).toBe('still valid');
  execFileSync('rm', [dir.join('y')]);
});

test('a FIFO is made once, for its owner alone, and never in the place of something else', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: keepAll });
  const path = dir.join('ev.in');
  files.makeFifo(path);
  const { ino } = statSync(path);
  files.makeFifo(path);
  expect([statSync(path).isFIFO(), statSync(path).mode & 0o777, statSync(path).ino]).toEqual([true, 0o600, ino]);
  mkdirSync(dir.join('folder'));
  expect(() => files.makeFifo(dir.join('folder'))).toThrow('the FIFO could not be made');
  expect(() => files.makeFifo(dir.join('none', 'fifo'))).toThrow('the FIFO could not be made');
});

test('a lock excludes others until it is disposed, or its process is killed', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => file === 'lock' });
  const path = dir.join('lock');
  const own = files.lock(path);
  expect(own).not.toBeNull();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(files.lock(path)).toBeNull();
  own?.[Symbol.dispose]();

  const script = `
    const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))});
    const host = createLinuxHost();
    globalThis.kept = host.files.lock(${JSON.stringify(path)});
    const plan = { runDir: ${JSON.stringify(dir.path)}, argv: ['sleep', '1000'], env: {}, exitFile: 'exit-0', input: 'fifo' };
    console.log(JSON.stringify(await host.vmms.spawn(plan, { signal: AbortSignal.timeout(10000) })));
    setInterval(() => {}, 1000);
  `;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await once(holder.stdout, 'data');
  expect(files.lock(path)).toBeNull();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  // The VMM that it started lives on and does not hold the lock.
  const vmm = JSON.parse(String(output));
  const host = createLinuxHost();
  expect(host.processes.isAlive(vmm)).toBe(true);
  using again = await waitFor('the lock to be free', () => files.lock(path));
  own?.[Symbol.dispose]();
  expect(files.lock(path)).toBeNull();
  expect(again).not.toBeNull();
  host.processes.signal(vmm, 'SIGKILL');
  await host.vmms.waitExit(dir.path, 'exit-0', { timeoutMs: 5000 });
  for (const file of ['console.log', 'stdout.log', 'serial.in', 'vmm.pid', 'exit-0']) rmSync(dir.join(file));
});

test('free bytes are those that a file could take', () => {
  using dir = tempDir('host');
  const { bsize, blocks } = statfsSync(dir.path);
  expect(files.freeBytes(dir.path)).toBeGreaterThan(0);
  expect(files.freeBytes(dir.path)).toBeLessThanOrEqual(bsize * blocks);
});
