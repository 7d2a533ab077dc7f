import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openSerialSocket, type SerialSocket } from '@mvirt/testkit/cloud-hypervisor/serial-socket';
import { type ConsoleBench, createConsoleBench, vmmWith } from '@mvirt/testkit/console-bench';
import { patternBytes } from '@mvirt/testkit/console-pattern';
import { createFakeClock } from '@mvirt/testkit/fake-clock';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { inMountNamespace, lackingMountNamespace } from '@mvirt/testkit/mount-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const mayStay = (file: string) => /^mvirt\.db|^vm(\/|$)/.test(file);
const noLine = () => Promise.reject(new Error('its line is the socket'));

type Line = { bench: ConsoleBench; serial: SerialSocket; typed(): string; reset(): Promise<void>; follow(): void };

/** A VMM that serves its own serial.sock, and the hub as its client. */
async function withLine(work: (line: Line) => Promise<void>): Promise<void> {
  using dir = tempDir('serial');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  mkdirSync(bench.runDir(), { recursive: true });
  const path = join(bench.runDir(), 'serial.sock');
  let typed = '';
  const open = () => openSerialSocket(path, (text) => (typed += text));
  const line: Line = {
    bench,
    serial: await open(),
    typed: () => typed,
    async reset() {
      line.serial.close();
      line.serial = await open();
    },
    follow() {
      bench.hub().runStarting(bench.id, { runId: 'first', runDir: bench.runDir() });
      bench.hub().runStarted(bench.id, { ...vmmWith(noLine), serialSocket: path });
    },
  };
  line.serial.print('before\n');
  line.follow();
  await work(line);
  line.serial.close();
  await bench.hub().close();
}

const write = ({ bench }: Line, text: string) => bench.hub().write(bench.id, Buffer.from(text), {});

test('what it prints is in the log and with every viewer, what is typed is with it, over resets and agents', async () => {
  await withLine(async (line) => {
    const { bench } = line;
    const viewers = [bench.view({ kind: 'all' }), bench.view({ kind: 'all' })];
    const all = (text: string) => Promise.all(viewers.map((viewer) => viewer.until(text, ({ text: seen }) => seen() === text)));
    await all('before\n');
    await write(line, 'one');
    await waitFor('one', () => line.typed() === 'one');
    await line.reset();
    line.serial.print('up again\n');
    await write(line, 'two');
    await all('before\nup again\n');
    await waitFor('two', () => line.typed() === 'onetwo');
    for (const viewer of viewers) await viewer.stop();

    await bench.hub().close();
    line.serial.print('alone\n');
    bench.crash();
    line.follow();
    const later = bench.view({ kind: 'cursor', cursor: viewers[0]?.cursor() ?? '' });
    await later.until('what came meanwhile', ({ text }) => text() === 'alone\n');
    await later.stop();
    expect(readFileSync(bench.logPath(), 'utf8')).toBe('before\nup again\nalone\n');
    expect(bench.complaints).toEqual([]);
  });
});

test('another client cuts it off: it takes the line back', async () => {
  await withLine(async (line) => {
    const viewer = line.bench.view({ kind: 'all' });
    await viewer.until('the beginning', ({ text }) => text() === 'before\n');
    const other = connect(join(line.bench.runDir(), 'serial.sock'));
    const cut = once(other.resume(), 'end');
    await cut;
    line.serial.print('back\n');
    await viewer.until('what is printed then', ({ text }) => text() === 'before\nback\n');
    await viewer.stop();
  });
});

test('its last words are in the log before the run is over', async () => {
  await withLine(async (line) => {
    const viewer = line.bench.view({ kind: 'all' });
    await viewer.until('the beginning', ({ text }) => text() === 'before\n');
    const last = Buffer.from(patternBytes(0, 300_000)).toString('latin1');
    line.serial.print(last);
    line.serial.close();
    line.bench.hub().runEnded(line.bench.id);
    await viewer.until('the end of the run', ({ messages }) => messages.at(-1)?.kind === 'run');
    expect(viewer.text() === `before\n${last}`).toBe(true);
    await viewer.stop();
  });
});

test('a line that nobody takes: said once, and what is typed is refused until it is taken', async () => {
  using dir = tempDir('serial');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  const clock = createFakeClock();
  using bench = createConsoleBench(dir.path, { clock });
  mkdirSync(bench.runDir(), { recursive: true });
  const path = join(bench.runDir(), 'serial.sock');
  const script = "require('node:net').createServer((s) => s.resume()).listen(process.argv[1], () => console.log('listening'))";
  const server = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    await once(server.stdout, 'data');
    server.kill('SIGSTOP');
    bench.hub().runStarting(bench.id, { runId: 'first', runDir: bench.runDir() });
    bench.hub().runStarted(bench.id, { ...vmmWith(noLine), serialSocket: path });
    await waitFor('a complaint', async () => {
      await clock.advance(1000);
      return bench.complaints.length > 0;
    });
    expect(bench.complaints).toEqual([expect.stringContaining('takes no client on serial.sock')]);
    const typing = () => bench.hub().write(bench.id, Buffer.from('x'), {});
    await expect(typing()).rejects.toMatchObject({ code: 'CONSOLE_READ_ONLY', hint: 'mvirt reboot vm' });
    server.kill('SIGCONT');
    await waitFor('it to be taken', () =>
      typing().then(
        () => true,
        () => false,
      ),
    );
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
  await bench.hub().close();
});

const missing = lackingMountNamespace();
if (missing !== null) console.log(`skipped: a serial socket on a full disk: ${missing}`);

test.skipIf(missing !== null)('a full disk: what the VMM prints waits, and is exact when there is room again', () => {
  using dir = tempDir('serial');
  const script = 'mkdir -p "$1/vm/vm"; mount -t tmpfs -o size=256k tmpfs "$1/vm/vm"; exec "$2" "$3" "$1"';
  const ran = inMountNamespace(script, dir.path, process.execPath, join(import.meta.dir, '../../testkit/console-full-serial.ts'));
  expect(ran.stderr).toBe('');
  const seen = JSON.parse(ran.stdout);
  expect(seen.exact).toBe(true);
  expect(seen.whileFull).toBeLessThan(200_000);
});
