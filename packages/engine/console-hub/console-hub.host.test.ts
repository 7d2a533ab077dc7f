import { expect, test } from 'bun:test';
import { existsSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { asVmId, MvirtError } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { createConsoleBench } from '@mvirt/testkit/console-bench';
import { patternBytes, seededRandom } from '@mvirt/testkit/console-pattern';
import type { ConsoleViewer } from '@mvirt/testkit/console-viewer';
import { createFakeClock } from '@mvirt/testkit/fake-clock';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const kinds = ({ messages }: ConsoleViewer) => messages.map((message) => (message.kind === 'run' ? `run ${message.running}` : message.kind));
const mayStay = (file: string) => /^mvirt\.db|^vm(\/|$)/.test(file);
const isLive = (viewer: ConsoleViewer) => viewer.messages.some(({ kind }) => kind === 'live');

test('a viewer sees history, then live output, then the end of the run, and goes on with the next one', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  bench.run('first');
  bench.print('one\n');
  const viewer = bench.view({ kind: 'all' });
  await viewer.until('being live', isLive);
  bench.print('two\n');
  await viewer.until('two', ({ text }) => text() === 'one\ntwo\n');
  bench.print('last\n');
  bench.hub().runEnded(bench.id);
  await viewer.until('the end of the run', (seen) => kinds(seen).includes('run false'));
  expect(viewer.text()).toBe('one\ntwo\nlast\n');
  bench.run('second');
  bench.print('again\n');
  await viewer.until('the second run', ({ text }) => text().endsWith('again\n'));
  expect(kinds(viewer).filter((kind) => kind !== 'data')).toEqual(['live', 'run false', 'run true']);
  expect(statSync(bench.logPath()).mode & 0o777).toBe(0o600);
  await viewer.stop();
  expect(viewer.failure()).toBeNull();
  bench.hub().runEnded(bench.id);
});

test('the history of a stopped VM is read, and a VM that never ran waits for its first run', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  const early = bench.view({ kind: 'all' });
  await early.until('being live', isLive);
  bench.run('first');
  bench.print('hello\n');
  await early.until('hello', ({ text }) => text() === 'hello\n');
  expect(kinds(early)).toEqual(['live', 'run true', 'data']);
  bench.hub().runEnded(bench.id);
  bench.crash();
  const late = bench.view({ kind: 'all' });
  await late.until('being live', (seen) => kinds(seen).includes('run false'));
  expect(late.text()).toBe('hello\n');
  expect(late.cursor()).toBe(early.cursor());
  await Promise.all([early.stop(), late.stop()]);
});

test('each way to begin finds its place', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  const clock = createFakeClock();
  const began = clock.nowMs();
  using bench = createConsoleBench(dir.path, { clock });
  bench.run('first');
  for (let step = 0; step < 5; step++) {
    bench.print(`step ${step}\n`);
    await clock.advance(60_000);
  }
  bench.hub().runEnded(bench.id);
  const whole = readFileSync(bench.logPath(), 'utf8');
  const from = async (start: Parameters<typeof bench.view>[0]) => {
    const viewer = bench.view(start);
    await viewer.until(`the end from ${JSON.stringify(start)}`, (seen) => kinds(seen).includes('run false') || seen.ended());
    await viewer.stop();
    expect(viewer.failure()).toBeNull();
    return viewer.text();
  };
  expect(await from({ kind: 'all' })).toBe(whole);
  expect(await from({ kind: 'live' })).toBe('');
  expect(await from({ kind: 'tail', bytes: 9 })).toBe(whole.slice(-9));
  expect(await from({ kind: 'tail', bytes: 1e9 })).toBe(whole);
  expect(await from({ kind: 'lines', lines: 2 })).toBe('step 3\nstep 4\n');
  expect(await from({ kind: 'lines', lines: 0 })).toBe('');
  expect(await from({ kind: 'lines', lines: 99 })).toBe(whole);
  expect(await from({ kind: 'since', atMs: 0 })).toBe(whole);
  // Step 3 was printed in minute 3; what is older by more than a check of the log is not shown.
  expect(await from({ kind: 'since', atMs: began + 3 * 60_000 })).toBe('step 3\nstep 4\n');
  expect(await from({ kind: 'since', atMs: began + 60 * 60_000 })).toBe('');
  expect(() => bench.hub().attach(bench.id, { from: { kind: 'cursor', cursor: 'x y' }, signal: AbortSignal.abort() })).toThrow('no console cursor');
  expect(() => bench.hub().attach(asVmId('other'), { from: { kind: 'all' }, signal: AbortSignal.abort() })).toThrow(MvirtError);
});

test('the last lines of any text are those that a plain split finds', async () => {
  const random = seededRandom(7);
  for (let round = 0; round < 25; round++) {
    using dir = tempDir('hub');
    using bench = createConsoleBench(dir.path);
    bench.run('first');
    const length = random(3) === 0 ? random(200_000) : random(50);
    const text = Array.from({ length }, () => (random(12) === 0 ? '\n' : 'x')).join('');
    bench.print(text);
    bench.hub().runEnded(bench.id);
    const lines = random(40) + 1;
    const parts = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n');
    const wanted = parts.slice(-lines).join('\n') + (text.endsWith('\n') ? '\n' : '');
    const viewer = bench.view({ kind: 'lines', lines });
    await viewer.until('the end', (seen) => kinds(seen).includes('run false'));
    await viewer.stop();
    expect({ round, text: viewer.text() }).toEqual({ round, text: wanted });
  }
});

test('a log that was cut, replaced or removed gets a new id, and viewers are told', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  bench.run('first');
  bench.print('before the cut\n');
  const viewer = bench.view({ kind: 'all' });
  await viewer.until('the beginning', ({ text }) => text() === 'before the cut\n');
  const resyncs = () => viewer.messages.filter((message) => message.kind === 'resync');
  truncateSync(bench.logPath(), 0);
  await viewer.until('the first resync', () => resyncs().length === 1);
  bench.print('cut\n');
  await viewer.until('cut', ({ text }) => text().endsWith('cut\ncut\n'));
  writeFileSync(dir.join('other'), 'another file\n');
  renameSync(dir.join('other'), bench.logPath());
  await viewer.until('the replacement', ({ text }) => text().endsWith('another file\n'));
  expect(resyncs().map(({ reason, lostBytes }) => ({ reason, lostBytes }))).toEqual(Array(2).fill({ reason: 'replaced', lostBytes: null }));
  expect(new Set(resyncs().map(({ cursor }) => cursor.split(':')[0])).size).toBe(2);
  expect(kinds(viewer).filter((kind) => kind.startsWith('run'))).toEqual([]);
  const old = viewer.messages[0]?.cursor ?? '';
  await viewer.stop();
  // While the agent is dead.
  const last = viewer.cursor();
  bench.crash();
  rmSync(bench.logPath());
  bench.run('second');
  bench.print('anew\n');
  for (const cursor of [old, last, `${last}9999`]) {
    const resumed = bench.view({ kind: 'cursor', cursor });
    await resumed.until('being live', isLive);
    expect(resumed.text()).toBe('anew\n');
    expect(resumed.messages[0]).toMatchObject({ kind: 'resync', reason: 'replaced' });
    await resumed.stop();
  }
  bench.hub().runEnded(bench.id);
});

test('what retention drops is freed on the disk, told with its size, and never read as NULs', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  const files = createLinuxHost().files;
  using bench = createConsoleBench(dir.path, { retentionBytes: 256 * 1024 });
  bench.run('first');
  bench.print(patternBytes(0, 200_000));
  const viewer = bench.view({ kind: 'all' });
  await viewer.until('the beginning', ({ text }) => text().length === 200_000);
  await viewer.stop();
  bench.crash();
  // The agent is dead, the guest prints on.
  bench.print(patternBytes(200_000, 3_000_000));
  bench.crash();
  expect(files.allocatedBytes(bench.logPath())).toBeLessThanOrEqual(256 * 1024);
  expect(statSync(bench.logPath()).size).toBe(3_000_000);
  const keptFrom = bench.store.consoles.get(bench.id)?.keptFrom ?? 0;
  expect(keptFrom).toBeGreaterThanOrEqual(3_000_000 - 256 * 1024);
  const resumed = bench.view({ kind: 'cursor', cursor: viewer.cursor() });
  await resumed.until('being live', isLive);
  expect(resumed.messages[0]).toMatchObject({ kind: 'resync', reason: 'dropped', lostBytes: keptFrom - 200_000 });
  expect(resumed.text() === patternBytes(keptFrom, 3_000_000).toString()).toBe(true);
  await resumed.stop();
  const whole = bench.view({ kind: 'all' });
  await whole.until('being live', isLive);
  expect(whole.text() === patternBytes(keptFrom, 3_000_000).toString()).toBe(true);
  await whole.stop();
});

test('keptFrom is stored before the hole is made; where it cannot be stored, nothing is freed', async () => {
  using dir = tempDir('hub');
  const host = createLinuxHost();
  const seen: { stored: number | undefined; punched: number }[] = [];
  const files = {
    ...host.files,
    punchHole: (path: string, length: number) => {
      seen.push({ stored: bench.store.consoles.get(bench.id)?.keptFrom, punched: length });
      return host.files.punchHole(path, length);
    },
  };
  using bench = createConsoleBench(dir.path, { retentionBytes: 64 * 1024, host: { ...host, files } });
  bench.run('first');
  bench.print(patternBytes(0, 500_000));
  bench.crash();
  expect(seen.length).toBe(1);
  expect(seen[0]?.stored).toBe(seen[0]?.punched);
  bench.print(patternBytes(500_000, 900_000));
  const { put } = bench.store.consoles;
  bench.store.consoles.put = () => {
    throw new MvirtError({ code: 'DISK_FULL', message: 'full' });
  };
  bench.crash();
  expect(seen.length).toBe(1);
  expect(bench.complaints.join()).toContain('could not be cut back');
  bench.store.consoles.put = put;
});

test('where holes are refused the log is rotated: viewers go on without losing a byte', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  const host = createLinuxHost();
  const files = { ...host.files, punchHole: () => 'refused' as const };
  using bench = createConsoleBench(dir.path, { retentionBytes: 64 * 1024, host: { ...host, files } });
  bench.run('first');
  const viewer = bench.view({ kind: 'all' });
  let printed = 0;
  // What lies below is only cut once everybody has it: this viewer is never behind.
  const printOn = async (bytes: number) => {
    bench.print(patternBytes(printed, printed + bytes));
    printed += bytes;
    await viewer.until(`${printed} bytes`, ({ text }) => text().length === printed);
  };
  for (let round = 0; round < 12; round++) await printOn(20_000);
  await waitFor('the rotation', () => statSync(bench.logPath()).size < 64 * 1024);
  expect(viewer.text() === patternBytes(0, printed).toString()).toBe(true);
  const resyncs = viewer.messages.filter((message) => message.kind === 'resync');
  expect(resyncs.length).toBeGreaterThan(0);
  expect(new Set(resyncs.map(({ lostBytes }) => lostBytes))).toEqual(new Set([0]));
  await viewer.stop();
  const later = bench.view({ kind: 'tail', bytes: 30_000 });
  await later.until('being live', isLive);
  expect(later.text() === patternBytes(printed - 30_000, printed).toString()).toBe(true);
  await later.stop();
  bench.crash();
  const resumed = bench.view({ kind: 'tail', bytes: 30_000 });
  await resumed.until('being live', isLive);
  expect(resumed.text() === patternBytes(printed - 30_000, printed).toString()).toBe(true);
  await resumed.stop();
});

test('typing needs a running VM and its line; a line that cannot be had says why and harms nothing', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  const type = (text: string) => bench.hub().write(bench.id, Buffer.from(text), {});
  const codeOf = async (work: Promise<void>) => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    return error instanceof MvirtError ? error.code : error;
  };
  expect(await codeOf(type('x'))).toBe('WRONG_STATE');
  bench.run('first');
  await Promise.all(['alpha', 'beta', 'gamma'].map(type));
  expect(bench.typed).toEqual(['alpha', 'beta', 'gamma']);
  bench.hub().runEnded(bench.id);
  expect(await codeOf(type('x'))).toBe('WRONG_STATE');
  bench.run('second', () => Promise.reject(new Error('the line is held elsewhere')));
  const error = await type('x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'CONSOLE_READ_ONLY', message: expect.stringContaining('the line is held elsewhere') });
  bench.print('still read\n');
  const viewer = bench.view({ kind: 'all' });
  await viewer.until('the output', ({ text }) => text() === 'still read\n');
  await viewer.stop();
});

test('a deleted VM ends its viewers and leaves no record; the text for people has no escapes', async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  bench.run('first');
  bench.print('\x1b[31mred\x1b[0m\r\nplain\x07\n');
  expect(await bench.hub().tailText(bench.id, 1000)).toBe('red\nplain\n');
  expect(await bench.hub().tailText(bench.id, 6)).toBe('lain\n');
  const viewer = bench.view({ kind: 'all' });
  await viewer.until('being live', isLive);
  bench.hub().runEnded(bench.id);
  bench.store.vms.remove(bench.id);
  bench.store.consoles.remove(bench.id);
  bench.hub().removed(bench.id);
  await viewer.until('its end', ({ ended }) => ended());
  expect(viewer.failure()).toMatchObject({ code: 'VM_NOT_FOUND' });
  expect(bench.store.consoles.get(bench.id)).toBeNull();
  expect(existsSync(bench.logPath())).toBe(true);
});

test('nothing wakes while no VM runs', async () => {
  using dir = tempDir('hub');
  const clock = createFakeClock();
  using bench = createConsoleBench(dir.path, { clock });
  // The event log's own, once an hour.
  expect(clock.pending()).toBe(1);
  bench.run('first');
  expect(clock.pending()).toBe(2);
  bench.print('text\n');
  await clock.advance(20_000);
  expect(bench.store.consoles.get(bench.id)?.knownSize).toBe(5);
  bench.hub().runEnded(bench.id);
  // The clients of serial.sock get some seconds to read the rest; there are none.
  await clock.advance(60_000);
  expect(clock.pending()).toBe(1);
});

test("of all viewers' answers to a question one is typed into the guest", async () => {
  using dir = tempDir('hub');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay });
  using bench = createConsoleBench(dir.path);
  bench.run('first');
  const answer = (text: string, answering: string) => bench.hub().write(bench.id, Buffer.from(text), { answering });
  await answer('one', 'log1:40');
  await answer('another viewer, the same question', 'log1:40');
  await answer('one that is late', 'log1:20');
  await bench.hub().write(bench.id, Buffer.from('typed'), {});
  await answer('two', 'log1:41');
  await answer('a new log', 'log2:5');
  expect(bench.typed).toEqual(['one', 'typed', 'two', 'a new log']);
  await expect(answer('x', 'nonsense')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  bench.hub().runEnded(bench.id);
});

test('logs that grew while no agent was there are cut back one after the other; one that cannot be opened holds up no other', async () => {
  using dir = tempDir('hub');
  const clock = createFakeClock();
  const vmIds = ['first', 'second', 'third', 'fourth'];
  using bench = createConsoleBench(dir.path, { retentionBytes: 64 * 1024, vmIds, clock });
  const { allocatedBytes } = createLinuxHost().files;
  const logOf = (vmId: string) => `${bench.runDir(asVmId(vmId))}/console.log`;
  for (const vmId of vmIds) {
    bench.hub().runStarting(asVmId(vmId), { runId: 'r', runDir: bench.runDir(asVmId(vmId)) });
    bench.hub().runEnded(asVmId(vmId));
    writeFileSync(logOf(vmId), patternBytes(0, 500_000));
  }
  const { get } = bench.store.consoles;
  bench.store.consoles.get = (vmId) => {
    if (vmId === 'second') throw new MvirtError({ code: 'STORE_ERROR', message: 'a bad page' });
    return get(vmId);
  };
  bench.crash();
  for (let step = 0; step < vmIds.length; step += 1) await clock.advance(0);
  expect(vmIds.map((vmId) => allocatedBytes(logOf(vmId)) <= 64 * 1024)).toEqual([true, false, true, true]);
  expect(bench.complaints.join()).toContain('a bad page');
  bench.store.consoles.get = get;
});

test('a hub that is closed cuts back no more', async () => {
  using dir = tempDir('hub');
  const clock = createFakeClock();
  using bench = createConsoleBench(dir.path, { vmIds: ['first', 'second', 'third'], clock });
  const timers = clock.pending();
  await bench.hub().close();
  expect(clock.pending()).toBe(timers - 1);
});
