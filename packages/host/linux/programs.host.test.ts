import { expect, test } from 'bun:test';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createPrograms } from './programs.ts';

const programs = createPrograms();
const failure = (promise: Promise<unknown>): Promise<MvirtError> =>
  promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) => {
      if (error instanceof MvirtError) return error;
      throw error;
    },
  );

test('a program is found in PATH first, and in the system folders without it', () => {
  using dir = tempDir('host');
  writeFileSync(dir.join('cat'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(dir.join('nft'), 'no program', { mode: 0o644 });
  const found = createPrograms(`relative:${dir.path}::/nonexistent`);
  expect(found.find('cat')).toBe(dir.join('cat'));
  expect(found.find('sh')).toMatch(/^\/(usr\/)?bin\/sh$/);
  expect(found.find('nft')).not.toBe(dir.join('nft'));
  expect(found.find('no-such-program')).toBeNull();
  expect(found.find(dir.join('cat'))).toBe(dir.join('cat'));
  expect(found.find(dir.path)).toBeNull();
});

test('a program that is installed later is found then', () => {
  using dir = tempDir('host');
  const found = createPrograms(dir.path);
  expect(found.find('later-program')).toBeNull();
  writeFileSync(dir.join('later-program'), '#!/bin/sh\n', { mode: 0o755 });
  expect(found.find('later-program')).toBe(dir.join('later-program'));
});

test('arguments, input, output and directory go through as they are, without a shell', async () => {
  await using _leaks = watchLeaks();
  const words = ['two words', '$HOME; `id`', "it's", '"', '\n', 'ü'];
  expect(await programs.run(['printf', '[%s]', ...words], { timeoutMs: 5000 })).toEqual({ stdout: words.map((word) => `[${word}]`).join(''), stderr: '' });
  const input = 'x'.repeat(1024 * 1024);
  expect((await programs.run(['cat'], { timeoutMs: 5000, input })).stdout).toBe(input);
  expect((await programs.run(['wc', '-c'], { timeoutMs: 5000, input: new Uint8Array(1000) })).stdout.trim()).toBe('1000');
  expect((await programs.run(['pwd'], { timeoutMs: 5000, cwd: '/usr' })).stdout).toBe('/usr\n');
  expect((await programs.run(['cat'], { timeoutMs: 5000 })).stdout).toBe('');
  expect((await programs.run(['true'], { timeoutMs: 5000, input })).stdout).toBe('');
});

test('a missing program is named with its Debian package', async () => {
  const bare = createPrograms('');
  const error = await failure(bare.run(['no-such-program', 'x'], { timeoutMs: 5000 }));
  expect([error.code, error.hint]).toEqual(['PROGRAM_MISSING', 'apt-get install --no-install-recommends no-such-program']);
  expect((await failure(bare.run(['/no/such/program'], { timeoutMs: 5000 }))).code).toBe('PROGRAM_MISSING');
});

test('a failure speaks in the first line of stderr, or with its status', async () => {
  await using _leaks = watchLeaks();
  const failed = await failure(programs.run(['sh', '-c', 'echo; echo "first word" >&2; echo more >&2; exit 3'], { timeoutMs: 5000 }));
  expect(failed.code).toBe('PROGRAM_FAILED');
  expect(failed.message).toEndWith(': first word');
  expect(String(failed.cause)).toContain('exit status 3: first word\nmore');
  expect((await failure(programs.run(['sh', '-c', 'exit 4'], { timeoutMs: 5000 }))).message).toEndWith(': exit status 4');
  expect((await failure(programs.run(['sh', '-c', 'kill -9 $$'], { timeoutMs: 5000 }))).message).toEndWith(': ended by SIGKILL');
  expect((await failure(programs.run(['cat'], { timeoutMs: 5000, cwd: '/no/such/folder' }))).code).toBe('PROGRAM_FAILED');
});

test('a program that takes too long ends with all of its children', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  const error = await failure(programs.run(['sh', '-c', 'sleep 1000 & sleep 1000'], { timeoutMs: 50, cwd: dir.path }));
  expect(error.code).toBe('TIMEOUT');
});

test('a caller that leaves ends its program', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => file === 'started' });
  const leaving = new AbortController();
  const run = failure(programs.run(['sh', '-c', 'touch started; sleep 1000'], { timeoutMs: 10_000, cwd: dir.path, signal: leaving.signal }));
  await waitFor('the program to run', () => existsSync(dir.join('started')));
  leaving.abort();
  expect((await run).code).toBe('CANCELLED');
  rmSync(dir.join('started'));
  expect((await failure(programs.run(['touch', 'started'], { timeoutMs: 10_000, cwd: dir.path, signal: leaving.signal }))).code).toBe('CANCELLED');
  expect(existsSync(dir.join('started'))).toBe(false);
});

test('output without end is cut off', async () => {
  await using _leaks = watchLeaks();
  const error = await failure(programs.run(['yes'], { timeoutMs: 10_000 }));
  expect(error.message).toBe('yes: wrote more than 8388608 bytes');
});

test('output is handed over piece by piece, and the program waits meanwhile', async () => {
  await using _leaks = watchLeaks();
  let bytes = 0;
  let taking = 0;
  const { stdout } = await programs.run(['head', '-c', '20000000', '/dev/zero'], {
    timeoutMs: 20_000,
    async onOutput(piece) {
      taking += 1;
      expect(taking).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      taking -= 1;
      bytes += piece.byteLength;
    },
  });
  expect([stdout, bytes]).toEqual(['', 20_000_000]);
  const full = new Error('full');
  const ended = programs.run(['yes'], { timeoutMs: 20_000, onOutput: () => Promise.reject(full) });
  expect(await ended.catch((thrown: unknown) => thrown)).toBe(full);
});

test('a program reads a file by itself, and may end with a status that is no failure', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  writeFileSync(dir.join('file'), 'words');
  expect((await programs.run(['cat'], { timeoutMs: 5000, inputFile: dir.join('file') })).stdout).toBe('words');
  expect(await programs.run(['sh', '-c', 'echo leaks; exit 3'], { timeoutMs: 5000, accepts: [3] })).toMatchObject({ stdout: 'leaks\n' });
  expect((await failure(programs.run(['sh', '-c', 'exit 2'], { timeoutMs: 5000, accepts: [3] }))).message).toEndWith(': exit status 2');
});

test('a confined program has no capability and no way to any, and fails under its own name', async () => {
  await using _leaks = watchLeaks();
  const { stdout } = await programs.run(['grep', '-E', '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)', '/proc/self/status'], { timeoutMs: 5000, confined: true });
  expect(stdout.match(/Cap\w+:\t0{16}$/gm)).toHaveLength(4);
  expect(stdout).toContain('NoNewPrivs:\t1');
  expect((await failure(programs.run(['false', 'x'], { timeoutMs: 5000, confined: true }))).message).toBe('false x: exit status 1');
  expect((await failure(programs.run(['no-such-program'], { timeoutMs: 5000, confined: true }))).code).toBe('PROGRAM_MISSING');
});

test('a daemon that a program leaves behind does not hold the answer up', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => file === 'pid' });
  const { stdout } = await programs.run(['sh', '-c', 'setsid sleep 1000 & echo $! >pid; echo started'], { timeoutMs: 10_000, cwd: dir.path });
  expect(stdout).toBe('started\n');
  process.kill(Number(readFileSync(dir.join('pid'), 'utf8')), 'SIGKILL');
});
