import { expect, test } from 'bun:test';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import type { ProcessIdentity } from '../process.ts';
import { createLibc } from './libc.ts';
import { createProcesses } from './processes.ts';

const createTestee = () => createProcesses(createLibc());

/** A process that sleeps until it is killed. */
function sleeper(cwd?: string, program = 'sleep') {
  const child = spawn(program, ['1000'], { stdio: 'ignore', ...(cwd === undefined ? {} : { cwd }) });
  const pid = child.pid ?? 0;
  return {
    pid,
    async [Symbol.asyncDispose]() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const known = (identity: ProcessIdentity | null): ProcessIdentity => {
  if (identity === null) throw new Error('the process should live');
  return identity;
};

test('a process is known by boot id, pid and start time together', async () => {
  await using _leaks = watchLeaks();
  await using child = sleeper();
  const processes = createTestee();
  const identity = known(processes.identify(child.pid));
  expect(identity.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  expect(processes.isAlive(identity)).toBe(true);
  expect(processes.isAlive({ ...identity, startTicks: identity.startTicks - 1 })).toBe(false);
  expect(processes.isAlive({ ...identity, bootId: 'another boot' })).toBe(false);
  expect(processes.isAlive({ ...identity, pid: process.pid })).toBe(false);
});

test('a name with spaces and parentheses confuses nobody', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  const program = dir.join('a) Z (b 1 2');
  copyFileSync('/bin/sleep', program);
  await using child = sleeper(undefined, program);
  const processes = createTestee();
  const identity = await waitFor('the program to be executed', () =>
    readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'a) Z (b 1 2\n' ? processes.identify(child.pid) : null,
  );
  expect(processes.isAlive(identity)).toBe(true);
  expect(identity.startTicks).toBeGreaterThan(known(processes.identify(process.pid)).startTicks - 1);
  rmSync(program);
});

test('a zombie does not live', async () => {
  await using _leaks = watchLeaks();
  // exec leaves a parent that never waits for the child it had as a shell.
  const child = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [output] = await once(child.stdout, 'data');
  const pid = Number(output);
  const processes = createTestee();
  await waitFor('the grandchild to be a zombie', () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
  expect(processes.identify(pid)).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('a signal hits the process that was meant and no other one', async () => {
  await using _leaks = watchLeaks();
  await using child = sleeper();
  const processes = createTestee();
  const identity = known(processes.identify(child.pid));
  expect(processes.signal({ ...identity, startTicks: identity.startTicks + 1 }, 'SIGKILL')).toBe('gone');
  expect(processes.signal({ ...identity, bootId: 'another boot' }, 'SIGKILL')).toBe('gone');
  expect(processes.isAlive(identity)).toBe(true);

  const state = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.[0];
  expect(processes.signal(identity, 'SIGSTOP')).toBe('sent');
  await waitFor('the process to be stopped', () => state() === 'T');
  expect(processes.isAlive(identity)).toBe(true);
  expect(processes.signal(identity, 'SIGCONT')).toBe('sent');
  await waitFor('the process to go on', () => state() === 'S');
  expect(processes.signal(identity, 'SIGTERM')).toBe('sent');
  await waitFor('the process to be gone', () => !processes.isAlive(identity));
  expect(processes.signal(identity, 'SIGTERM')).toBe('gone');
});

test('the end of a process that is no child of ours is told once', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  const processes = createTestee();
  const parent = spawn('setsid', ['-f', 'sleep', '1000'], { cwd: dir.path, stdio: 'ignore' });
  await once(parent, 'exit');
  const identity = await waitFor('the orphan', () => processes.findByCwd(dir.path)[0]);
  let told = 0;
  processes.onEnd(identity, () => told++);
  processes.signal(identity, 'SIGKILL');
  await waitFor('the end to be told', () => told > 0);
  expect(processes.isAlive(identity)).toBe(false);
  // Whatever watches behind the first must not tell it again: a second process's end comes after all that.
  await using next = sleeper();
  const ended = Promise.withResolvers<void>();
  processes.onEnd(known(processes.identify(next.pid)), ended.resolve);
  process.kill(next.pid, 'SIGKILL');
  await ended.promise;
  expect(told).toBe(1);
});

test('the end of one that is gone already is told too, after the call has returned', async () => {
  await using _leaks = watchLeaks();
  const processes = createTestee();
  let gone: ProcessIdentity;
  {
    await using child = sleeper();
    gone = known(processes.identify(child.pid));
  }
  const told: string[] = [];
  const ended = new Promise<void>((resolve) => {
    processes.onEnd(gone, () => {
      told.push('ended');
      resolve();
    });
  });
  told.push('returned');
  await ended;
  expect(told).toEqual(['returned', 'ended']);
});

test('who disposes hears nothing, the others do', async () => {
  await using _leaks = watchLeaks();
  const processes = createTestee();
  await using child = sleeper();
  const identity = known(processes.identify(child.pid));
  const heard: string[] = [];
  const first = processes.onEnd(identity, () => heard.push('first'));
  const ended = Promise.withResolvers<void>();
  processes.onEnd(identity, () => {
    heard.push('second');
    ended.resolve();
  });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  processes.signal(identity, 'SIGKILL');
  await ended.promise;
  expect(heard).toEqual(['second']);
});

test('a hundred ends at once are all told, also after the watch has rested', async () => {
  await using _leaks = watchLeaks();
  const processes = createTestee();
  for (let round = 0; round < 2; round++) {
    await using stack = new AsyncDisposableStack();
    const identities = Array.from({ length: 100 }, () => known(processes.identify(stack.use(sleeper()).pid)));
    const ends = identities.map((identity) => new Promise<void>((resolve) => processes.onEnd(identity, resolve)));
    for (const identity of identities) processes.signal(identity, 'SIGKILL');
    await Promise.all(ends);
  }
}, 60_000);

test('a watch does not keep its program alive', async () => {
  await using _leaks = watchLeaks();
  await using child = sleeper();
  const script = `
    const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))});
    const { processes } = createLinuxHost();
    processes.onEnd(processes.identify(${child.pid}), () => {});
  `;
  const watcher = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = await once(watcher, 'exit');
  expect(status).toBe(0);
});

test('a process is found by its working directory, through links too', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => file === 'link' });
  const processes = createTestee();
  expect(processes.findByCwd(dir.path)).toEqual([]);
  expect(processes.findByCwd(dir.join('missing'))).toEqual([]);
  await using child = sleeper(dir.path);
  await using _elsewhere = sleeper('/');
  symlinkSync(dir.path, dir.join('link'));
  const identity = known(processes.identify(child.pid));
  expect(processes.findByCwd(dir.path)).toEqual([identity]);
  expect(processes.findByCwd(dir.join('link'))).toEqual([identity]);
});

test('others that hold a file open are named, by whatever path they opened it', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const path = dir.join('mvirt.db');
  writeFileSync(path, '');
  symlinkSync(path, dir.join('link'));
  const processes = createTestee();
  const own = openSync(path, 'r');
  expect(processes.holdersOf(path)).toEqual([]);
  const holder = spawn('sh', ['-c', 'exec sleep 1000 <"$0"', dir.join('link')], { stdio: 'ignore' });
  await waitFor('the holder to be named', () => {
    const [found] = processes.holdersOf(path);
    return found?.pid === holder.pid && found?.command === 'sleep';
  });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(processes.holdersOf(path)).toEqual([]);
  expect(processes.holdersOf(dir.join('missing'))).toEqual([]);
  closeSync(own);
});

test('where no descriptor is free to look, a living process is not called ended', async () => {
  await using _leaks = watchLeaks();
  using dir = tempDir('descriptors');
  const script = dir.join('look.ts');
  writeFileSync(
    script,
    `import { openSync } from 'node:fs';
import { createLibc } from '${import.meta.dirname}/libc.ts';
import { createProcesses } from '${import.meta.dirname}/processes.ts';
const processes = createProcesses(createLibc());
const self = processes.identify(process.pid);
try { for (;;) openSync('/dev/null', 'r'); } catch {}
try { console.log(processes.isAlive(self)); } catch (error) { console.log(error.code); }`,
  );
  const { stdout } = spawnSync('prlimit', ['--nofile=128:128', process.execPath, script], { encoding: 'utf8', timeout: 20_000 });
  expect(stdout.trim()).toBe('EMFILE');
});
