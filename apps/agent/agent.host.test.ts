import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { spawnAgent, startAgent } from '@mvirt/testkit/agent-process';
import { tempDir } from '@mvirt/testkit/temp-dir';

test('starts, answers, logs JSON, and leaves at once on SIGTERM and SIGINT with status 0', async () => {
  using dir = tempDir();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    await using agent = await startAgent(dir);
    expect(agent.stdout()).toBe(`mvirt agent is ready on ${agent.socketPath} (pid ${agent.pid})\n`);
    expect(await agent.api.agent.status.query()).toMatchObject({ pid: agent.pid, dataDir: dir.join('data') });
    expect(statSync(dir.join('data')).mode & 0o777).toBe(0o700);
    expect(await agent.end(signal)).toBe(0);
    expect(existsSync(agent.socketPath)).toBe(false);
    const lines = agent
      .stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { message: string; level: string });
    expect(lines.map(({ message }) => message)).toContain(`leaving on ${signal}: VMs go on`);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  }
}, 60_000);

test('a second agent on the data directory is refused by pid, also while the first is stopped; kill -9 frees it', async () => {
  using dir = tempDir();
  await using first = await startAgent(dir);
  process.kill(first.pid, 'SIGSTOP');
  const second = spawnAgent(dir, ['--socket', dir.join('second.sock')]);
  expect(await second.ended()).toBe(4);
  expect(second.stderr()).toContain(`${dir.join('data')} is in use by another agent: process ${first.pid}`);
  expect(second.stderr()).toContain('hint: stop the other process, or choose another --data-dir');
  expect(await first.end('SIGKILL')).toBe('SIGKILL');
  await using third = await startAgent(dir);
  expect(await third.api.vm.list.query()).toEqual([]);
  expect(await third.end('SIGTERM')).toBe(0);
}, 60_000);

test('any other process that has the database open is refused by pid', async () => {
  using dir = tempDir();
  mkdirSync(dir.join('data'));
  writeFileSync(dir.join('data', 'mvirt.db'), '');
  const reader = spawn('sh', ['-c', 'exec 3<"$1"; echo open; exec sleep 600', 'sh', dir.join('data', 'mvirt.db')], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(reader.stdout, 'data');
    const agent = spawnAgent(dir);
    expect(await agent.ended()).toBe(4);
    expect(agent.stderr()).toContain(`${dir.join('data')}/mvirt.db is open in process ${reader.pid} (s`);
    expect(existsSync(agent.socketPath)).toBe(false);
  } finally {
    const ended = once(reader, 'exit');
    reader.kill('SIGKILL');
    await ended;
  }
  await using agent = await startAgent(dir);
  expect(await agent.end('SIGTERM')).toBe(0);
}, 60_000);

test('bad flags end it with status 2 and a hint', async () => {
  using dir = tempDir();
  const agent = spawnAgent(dir, ['--listen', '[::]:50051']);
  expect(await agent.ended()).toBe(2);
  expect(agent.stderr()).toBe(
    'mvirt: --listen: [::]:50051 can be reached from other hosts, which needs TLS with client certificates\n' +
      'hint: add --grpc-tls-cert, --grpc-tls-key and --grpc-tls-ca, or listen on [::1] and forward that port, by ssh -L for instance\n',
  );
  expect(existsSync(dir.join('data'))).toBe(false);
});

test("a data directory that cannot be used is the user's to mend, and named", async () => {
  using dir = tempDir();
  writeFileSync(dir.join('data'), '');
  const agent = spawnAgent(dir, []);
  expect(await agent.ended()).toBe(2);
  expect(agent.stderr()).toContain(`--data-dir: ${dir.join('data')} cannot be used: `);
  expect(agent.stderr()).toContain('hint: give a --data-dir that is a folder');
}, 60_000);
