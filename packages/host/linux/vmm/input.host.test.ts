import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { runLeaves, startTestVmm } from '@mvirt/testkit/test-vmm';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLinuxHost } from '../index.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'sent',
    (error: unknown) => (error instanceof MvirtError ? error.code : String(error)),
  );
const linesOpen = () =>
  readdirSync('/proc/self/fd')
    .map((fd) => attempt(() => readlinkSync(`/proc/self/fd/${fd}`)))
    .filter((path) => /serial\.in|ptmx/.test(path));

for (const input of ['fifo', 'pty'] as const) {
  test(`every byte value goes in, untranslated, for a first and a second opener (${input})`, async () => {
    using dir = tempDir('host');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
    const host = createLinuxHost();
    await using vmm = await startTestVmm(host, dir.path, ['cat'], { input });
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    for (const round of [1, 2]) {
      const line = await host.vmms.openInput({ runDir: dir.path, input, process: vmm.process });
      await line.write(all, {});
      await waitFor('the echo', async () => (await Bun.file(dir.join('console.log')).bytes()).length === 256 * round);
      line.close();
      expect(linesOpen()).toEqual([]);
    }
    expect(await Bun.file(dir.join('console.log')).bytes()).toEqual(Uint8Array.from([...all, ...all]));
    expect(host.processes.isAlive(vmm.process)).toBe(true);
  });

  test(`a guest that does not read holds nobody up, and misses nothing once it does (${input})`, async () => {
    using dir = tempDir('host');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
    const host = createLinuxHost();
    await using vmm = await startTestVmm(host, dir.path, ['cat'], { input });
    const line = await host.vmms.openInput({ runDir: dir.path, input, process: vmm.process });
    host.processes.signal(vmm.process, 'SIGSTOP');
    const text = Buffer.from(Array.from({ length: 30_000 }, (_, index) => `${index}\n`).join(''));
    const sent = line.write(text, {});
    expect(await codeOf(line.write(Buffer.alloc(256 * 1024), {}))).toBe('TOO_MANY');
    // Still here: the write blocks nothing, and the line holds less than the text.
    expect(await Promise.race([sent.then(() => 'sent'), new Promise((resolve) => setImmediate(() => resolve('waiting')))])).toBe('waiting');
    host.processes.signal(vmm.process, 'SIGCONT');
    await sent;
    await waitFor('the whole text', () => vmm.console().length === text.length);
    expect(vmm.console()).toBe(text.toString());
    line.close();
  });

  test(`the end of the VMM and closing end what waits, and release the line (${input})`, async () => {
    using dir = tempDir('host');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
    const host = createLinuxHost();
    await using vmm = await startTestVmm(host, dir.path, ['sleep', '1000'], { input });
    const run = { runDir: dir.path, input, process: vmm.process };
    const closed = await host.vmms.openInput(run);
    const open = await host.vmms.openInput(run);
    const waiting = [codeOf(closed.write(Buffer.alloc(200_000), {})), codeOf(open.write(Buffer.alloc(200_000), {}))];
    closed.close();
    expect(await waiting[0]).toBe('CONSOLE_READ_ONLY');
    expect(await codeOf(closed.write(Buffer.from('x'), {}))).toBe('CONSOLE_READ_ONLY');
    host.processes.signal(vmm.process, 'SIGKILL');
    expect(await waiting[1]).toBe('CONSOLE_READ_ONLY');
    open.close();
    expect(await codeOf(host.vmms.openInput(run))).toBe('CONSOLE_READ_ONLY');
    await waitFor('the lines to be released', () => linesOpen().length === 0);
  });
}

test('a VMM that has no line, or none that we may take, is read-only with the reason', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  const host = createLinuxHost();
  await using vmm = await startTestVmm(host, dir.path, ['sleep', '1000']);
  // Its loader has a library open in that place for a moment.
  await waitFor('the program to hold what it was given alone', () => !existsSync(`/proc/${vmm.process.pid}/fd/3`));
  const messageOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'opened',
      (error: Error) => error.message,
    );
  expect(await messageOf(host.vmms.openInput({ runDir: dir.path, input: 'pty', process: vmm.process }))).toBe(
    'the console takes no input: that VMM holds no serial line',
  );
  expect(await messageOf(host.vmms.openInput({ runDir: '/', input: 'fifo', process: vmm.process }))).toBe(
    'the console takes no input: /serial.in cannot be opened',
  );

  if (process.geteuid?.() !== 0) return console.log('not tried without root: the line of another user');
  const script = `
    const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('../index.ts'))});
    const run = ${JSON.stringify({ runDir: dir.path, input: 'pty', process: vmm.process })};
    console.log(await createLinuxHost().vmms.openInput(run).then(() => 'opened', (error) => error.code + ' ' + error.message));
  `;
  const output = execFileSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', script], { encoding: 'utf8', cwd: '/' });
  expect(output).toStartWith('CONSOLE_READ_ONLY the console takes no input: the kernel lets this agent take no descriptor');
});

function attempt(look: () => string): string {
  try {
    return look();
  } catch {
    return ''; // the descriptor that the listing itself used
  }
}
