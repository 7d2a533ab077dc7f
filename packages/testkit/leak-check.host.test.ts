import { expect, test } from 'bun:test';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { watchLeaks } from './leak-check.ts';
import { tempDir } from './temp-dir.ts';

const soon = { timeoutMs: 50 };

test('a child that still runs is named, and is no leak once it has ended', async () => {
  const leaks = watchLeaks(soon);
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  await expect(leaks.check()).rejects.toThrow(`process ${child.pid} `);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await leaks.check();
});

test('a process that is no child of ours is found by the directory', async () => {
  using dir = tempDir('leaks');
  const leaks = watchLeaks({ dir: dir.path, ...soon });
  // Its parent ends at once; it is a child of init then, in another session.
  const parent = spawn('setsid', ['-f', 'sleep', '1000'], { cwd: dir.path, stdio: 'ignore' });
  await once(parent, 'exit');
  const message = await leaks.check().then(
    () => '',
    (error: Error) => error.message,
  );
  const pid = Number(/process (\d+) .*: sleep 1000/.exec(message)?.[1]);
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, 'SIGKILL');
  await watchLeaks({ dir: dir.path }).check();
});

test('files, sockets and open files in the directory are named', async () => {
  using dir = tempDir('leaks');
  const leaks = watchLeaks({ dir: dir.path, mayStay: (file) => file === 'kept', ...soon });
  writeFileSync(dir.join('kept'), '');
  await leaks.check();

  writeFileSync(dir.join('left'), '');
  await expect(leaks.check()).rejects.toThrow(`file ${dir.join('left')}`);
  rmSync(dir.join('left'));

  const fd = openSync(dir.join('kept'), 'r');
  await expect(leaks.check()).rejects.toThrow(`descriptor ${dir.join('kept')}`);
  closeSync(fd);

  const server = createServer().listen(dir.join('socket'));
  await once(server, 'listening');
  await expect(leaks.check()).rejects.toThrow(/descriptor socket:.*\n.*file .*socket/);
  server.close();
  await once(server, 'close');
  await leaks.check();
});

test('a TAP that was made and not removed is named', async () => {
  if (process.geteuid?.() !== 0) return console.log('skipped, needs root: a TAP that is left');
  const script = `
    const { watchLeaks } = await import(${JSON.stringify(import.meta.resolve('./leak-check.ts'))});
    const leaks = watchLeaks({ timeoutMs: 50 });
    require('node:child_process').execFileSync('ip', ['tuntap', 'add', 'mvirt-left', 'mode', 'tap']);
    console.log(await leaks.check().then(() => 'nothing', (error) => error.message));
  `;
  // A network of its own, and the view of it in /sys: the TAP is gone with the program.
  const output = execFileSync('unshare', ['-n', '-m', 'sh', '-c', 'mount -t sysfs none /sys && exec "$0" -e "$1"', process.execPath, script], {
    encoding: 'utf8',
  });
  expect(output).toBe('the test left behind:\n  TAP mvirt-left\n');
});
