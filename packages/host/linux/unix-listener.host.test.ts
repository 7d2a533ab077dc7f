import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { unlinkSync, writeFileSync } from 'node:fs';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLibc } from './libc.ts';
import { createHostSockets } from './sockets.ts';

const { listenerOf, untakenOn } = createHostSockets(createLibc());

/** Listens on its argument in a process of its own, and takes no connection while it is stopped. */
const listening = `require('node:net').createServer(() => {}).listen(process.argv[1], () => console.log('listening'))`;

test('the kernel names the process that listens, also while it is stopped; and says why nobody does', async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path });
  const path = dir.join('socket');
  expect(listenerOf(path)).toEqual({ kind: 'missing' });
  const server = spawn(process.execPath, ['-e', listening, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    await once(server.stdout, 'data');
    const owner = { pid: server.pid, uid: process.geteuid?.(), gid: process.getegid?.() };
    expect(listenerOf(path)).toMatchObject({ kind: 'listening', peer: owner });
    // What it had not taken yet when it was asked, it takes.
    await waitFor('its queue to be empty', () => untakenOn(path) === 0);
    server.kill('SIGSTOP');
    expect(listenerOf(path)).toMatchObject({ kind: 'listening', peer: owner });
    // Nobody takes them now, so that its queue (of some hundreds) is full one day.
    let answer = listenerOf(path);
    for (let count = 0; count < 5000 && answer.kind === 'listening'; count++) answer = listenerOf(path);
    expect(answer).toEqual({ kind: 'full' });
    expect(untakenOn(path)).toBeGreaterThan(10);
    expect(untakenOn(path.slice(1))).toBe(0);
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
  expect(listenerOf(path)).toEqual({ kind: 'deaf' });
  unlinkSync(path);
  writeFileSync(path, '');
  expect(listenerOf(path)).toEqual({ kind: 'deaf' });
  unlinkSync(path);
});
