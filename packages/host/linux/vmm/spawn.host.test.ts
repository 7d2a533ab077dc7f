import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { deepTempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { runLeaves, spawnPlan, startTestVmm, statusField } from '@mvirt/testkit/test-vmm';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLinuxHost } from '../index.ts';

const noSignal = () => new AbortController().signal;
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

for (const input of ['fifo', 'pty'] as const) {
  test(`a VMM has its own session, its run directory, its files and nothing else (${input})`, async () => {
    using dir = deepTempDir(150);
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
    const host = createLinuxHost();
    await using vmm = await startTestVmm(host, dir.path, ['cat'], { input });
    const { pid } = vmm.process;

    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(dir.path);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain('PATH=/usr/sbin');
    expect(readFileSync(dir.join('vmm.pid'), 'utf8')).toBe(`${pid}\n`);
    expect(statSync(dir.join('console.log')).mode & 0o777).toBe(0o600);
    expect(statSync(dir.join('stdout.log')).mode & 0o777).toBe(0o600);
    const logs = { 1: dir.join('console.log'), 2: dir.join('stdout.log') };
    // The program's loader may still hold a library open.
    await waitFor('the program to be loaded', () => Object.values(descriptors(pid)).every((path) => !path.includes('/lib')));
    expect(descriptors(pid)).toEqual(input === 'fifo' ? { 0: dir.join('serial.in'), ...logs } : { 0: '/dev/pts/N', ...logs, 3: '/dev/ptmx' });
    const session = (of: number | string) =>
      readFileSync(`/proc/${of}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
        .slice(2, 5);
    const shim = statusField(pid, 'PPid');
    // Process group and session are the shim's, terminal: none.
    expect(session(pid)).toEqual([shim, shim, '0']);
    expect(shim).not.toBe(String(process.pid));
    await waitFor('the shim to hold nothing', () => Object.values(descriptors(shim)).every((path) => path === '/dev/null'));
    expect(host.processes.findByCwd(dir.path)).toEqual([vmm.process]);
  });
}

test('exit statuses and signals are written for whoever asks later', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  const host = createLinuxHost();
  const waitExit = (exitFile: string) => host.vmms.waitExit(dir.path, exitFile, { timeoutMs: 5000 });
  for (const [script, exit] of [
    ['read line; exit 0', { status: 0, signal: null }],
    ['read line; exit 7', { status: 7, signal: null }],
    ['read line; kill -SEGV $$', { status: null, signal: 'SIGSEGV' }],
  ] as const) {
    await using vmm = await startTestVmm(host, dir.path, ['sh', '-c', script]);
    expect(host.vmms.readExit(dir.path, vmm.plan.exitFile)).toBeNull();
    const line = await host.vmms.openInput({ runDir: dir.path, input: 'fifo', process: vmm.process });
    await line.write(Buffer.from('go\n'), {});
    expect(await waitExit(vmm.plan.exitFile)).toMatchObject(exit);
    line.close();
  }
  await using vmm = await startTestVmm(host, dir.path, ['sleep', '1000']);
  host.processes.signal(vmm.process, 'SIGKILL');
  expect(await waitExit(vmm.plan.exitFile)).toMatchObject({ status: null, signal: 'SIGKILL' });
});

test('waiting for an exit ends by its deadline and by its signal', async () => {
  using dir = tempDir('host');
  const { vmms } = createLinuxHost();
  expect(await vmms.waitExit(dir.path, 'exit', { timeoutMs: 20 })).toBeNull();
  expect(await vmms.waitExit(dir.path, 'exit', { timeoutMs: 60_000, signal: AbortSignal.timeout(20) })).toBeNull();
  writeFileSync(dir.join('exit'), '13');
  expect(vmms.readExit(dir.path, 'exit')).toBeNull();
});

test('the shim outlives signals that were meant for everyone', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  const host = createLinuxHost();
  await using vmm = await startTestVmm(host, dir.path, ['sleep', '1000']);
  const shim = Number(statusField(vmm.process.pid, 'PPid'));
  const alive = host.processes.identify(shim);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGTERM'] as const) process.kill(shim, signal);
  await waitFor('the signals to be taken', () => BigInt(`0x${statusField(shim, 'ShdPnd')}`) === 0n && statusField(shim, 'State').startsWith('S'));
  expect(host.processes.identify(shim)).toEqual(alive);
  expect(host.vmms.readExit(dir.path, vmm.plan.exitFile)).toBeNull();
  host.processes.signal(vmm.process, 'SIGTERM');
  expect(await host.vmms.waitExit(dir.path, vmm.plan.exitFile, { timeoutMs: 5000 })).toMatchObject({ status: null, signal: 'SIGTERM' });
});

test('logs are appended to, the exit file is one run its own', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  const host = createLinuxHost();
  for (const word of ['one', 'two']) {
    await using vmm = await startTestVmm(host, dir.path, ['sh', '-c', `echo ${word}; echo ${word}! >&2; exec sleep 1000`]);
    await waitFor('its words', () => vmm.console().includes(word) && vmm.messages().includes(word));
  }
  expect(readFileSync(dir.join('console.log'), 'utf8')).toBe('one\ntwo\n');
  expect(readFileSync(dir.join('stdout.log'), 'utf8')).toBe('one!\ntwo!\n');
});

test('a program that is missing is named with its package', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  const { vmms } = createLinuxHost();
  const error = await failure(vmms.spawn(spawnPlan(dir.path, ['qemu-system-aarch64-none']), { signal: noSignal() }));
  expect([error.code, error.message]).toEqual(['PROGRAM_MISSING', 'qemu-system-aarch64-none is not installed (Debian package qemu-system-aarch64-none)']);
  expect((await failure(vmms.spawn(spawnPlan(dir.path, [dir.join('none')]), { signal: noSignal() }))).code).toBe('PROGRAM_MISSING');
});

test('a program that cannot be executed fails the start in its own words, and leaves the logs alone', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => /^(console|stdout)\.log$|^broken$/.test(file) });
  writeFileSync(dir.join('stdout.log'), 'words of an earlier run\n');
  writeFileSync(dir.join('broken'), '#!/no/such/interpreter\n', { mode: 0o755 });
  const { vmms } = createLinuxHost();
  const error = await failure(vmms.spawn(spawnPlan(dir.path, [dir.join('broken')]), { signal: noSignal() }));
  expect(error.code).toBe('START_FAILED');
  expect(error.message).toContain('broken: ended at once with exit status 127: setpriv: failed to execute');
  expect(error.message).not.toContain('earlier');
  expect(readFileSync(dir.join('stdout.log'), 'utf8')).toStartWith('words of an earlier run\nsetpriv: failed');
});

test('a run directory that cannot be one fails the start', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => file === 'file' });
  writeFileSync(dir.join('file'), '');
  const error = await failure(createLinuxHost().vmms.spawn(spawnPlan(dir.join('file', 'run'), ['cat']), { signal: noSignal() }));
  expect(error.code).toBe('START_FAILED');
});

test('an aborted start leaves no process and no file but the logs', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => /^(console|stdout)\.log$/.test(file) });
  const host = createLinuxHost();
  expect((await failure(host.vmms.spawn(spawnPlan(dir.path, ['sleep', '1000']), { signal: AbortSignal.abort() }))).code).toBe('CANCELLED');
  for (const input of ['fifo', 'pty'] as const) {
    const abort = new AbortController();
    const start = failure(host.vmms.spawn(spawnPlan(dir.path, ['sleep', '1000'], { input }), { signal: abort.signal }));
    // The shim is a process by now (spawn is synchronous); the VMM is not yet one, or just about to be.
    abort.abort();
    expect((await start).code).toBe('CANCELLED');
    expect(host.processes.findByCwd(dir.path)).toEqual([]);
  }
});

test('whenever the abort comes, there is a VMM that was answered with, or nothing', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  const host = createLinuxHost();
  let cancelled = 0;
  for (const delayMs of [0, 1, 2, 3, 4, 6, 8, 12]) {
    const start = host.vmms.spawn(spawnPlan(dir.path, ['sleep', '1000']), { signal: AbortSignal.timeout(delayMs) });
    const vmm = await start.catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'CANCELLED' });
      return null;
    });
    if (vmm === null) cancelled++;
    expect(host.processes.findByCwd(dir.path)).toEqual(vmm === null ? [] : [vmm]);
    if (vmm === null) continue;
    host.processes.signal(vmm, 'SIGKILL');
    await waitFor('the VMM to be gone', () => !host.processes.isAlive(vmm));
  }
  expect(cancelled).toBeGreaterThan(0);
});

test("neither the agent's kill -9 nor its terminal's end reach a VMM", async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  const host = createLinuxHost();
  const script = `
    const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('../index.ts'))});
    const plan = ${JSON.stringify(spawnPlan(dir.path, ['sh', '-c', 'while :; do echo tick; sleep 0.01; done'], { exitFile: 'exit-0' }))};
    console.log(JSON.stringify(await createLinuxHost().vmms.spawn(plan, { signal: AbortSignal.timeout(10000) })));
    setInterval(() => {}, 1000);
  `;
  // A session of its own, as a terminal's would be: what the terminal sends goes to all of its process group.
  const agent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const [output] = await once(agent.stdout, 'data');
  const vmm = JSON.parse(String(output));
  const group = -(agent.pid ?? 0);
  process.kill(group, 'SIGHUP');
  process.kill(group, 'SIGINT');
  process.kill(group, 'SIGKILL');
  await once(agent, 'exit');

  const size = statSync(dir.join('console.log')).size;
  await waitFor('the guest to print on', () => statSync(dir.join('console.log')).size > size + 20);
  expect(host.processes.findByCwd(dir.path).map(({ pid }) => pid)).toContain(vmm.pid);
  expect(host.processes.isAlive(vmm)).toBe(true);
  const ended = new Promise<void>((resolve) => host.processes.onEnd(vmm, resolve));
  host.processes.signal(vmm, 'SIGKILL');
  await ended;
  expect(await host.vmms.waitExit(dir.path, 'exit-0', { timeoutMs: 5000 })).toMatchObject({ status: null, signal: 'SIGKILL' });
});

/** What each descriptor of a process leads to; numbers of PTYs are of no interest. */
function descriptors(pid: number | string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [[fd, readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/^(\/dev\/pts\/)\d+$/, '$1N')]];
      } catch {
        return []; // closed while we looked
      }
    }),
  );
}
