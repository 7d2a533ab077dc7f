import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain/error';
import { errorTable } from '@mvirt/domain/error-table';
import { doubleServices } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { checked, openCli, runCaptured } from './testing/open-cli.ts';

test('usage 2, not found 3, conflict 4: with what failed and a way out, on standard error alone', async () => {
  await using cli = await openCli();
  await cli.bench.started({ name: 'web' });
  const cases: [number, string, string[]][] = [
    [2, 'INVALID_ARGUMENT', ['list', '--nonsense']],
    [2, 'INVALID_ARGUMENT', ['stop', '-t', 'soon', 'web']],
    [2, 'INVALID_ARGUMENT', ['set', 'web', 'vcpus=0']],
    [2, 'INVALID_ARGUMENT', ['console', 'web']],
    [2, 'INVALID_ARGUMENT', ['wait', 'web', 'gone']],
    [3, 'VM_NOT_FOUND', ['get', 'nosuch']],
    [3, 'VM_NOT_FOUND', ['logs', 'nosuch']],
    [3, 'VM_NOT_FOUND', ['logs', 'nosuch', '-f']],
    [3, 'VM_NOT_FOUND', ['wait', 'nosuch', 'running']],
    [3, 'DISK_NOT_FOUND', ['detach-disk', 'web', '/nosuch']],
    [3, 'NIC_NOT_FOUND', ['detach-nic', 'web', '52:54:00:00:00:77']],
    [4, 'NAME_TAKEN', ['create', '--name', 'web', '--kernel', cli.bench.file('kernel')]],
  ];
  for (const [status, code, argv] of cases) {
    expect(await cli.jsonError(...argv)).toMatchObject({ status, code });
    // A console and the like cannot be had as JSON; all others fail alike for people.
    if (argv[0] === 'console') continue;
    const ran = await cli.mvirt(...argv);
    expect([ran.status, ran.stdout]).toEqual([status, '']);
    expect(ran.stderr).toMatch(/^mvirt: .+\nhint: .+\n$/);
  }
  expect(await cli.mvirt('delete', 'web')).toMatchObject({ status: 4, stdout: '' });
});

test('an ambiguous VM is 4, and its candidates are listed', async () => {
  await using cli = await openCli();
  await cli.bench.create({ id: 'abcd-1', name: 'one' });
  await cli.bench.create({ id: 'abcd-2', name: 'two' });
  await cli.bench.create({ id: 'other', name: 'abcd' });
  const { status, code, message } = await cli.jsonError('get', 'abcd-');
  expect([status, code]).toEqual([4, 'AMBIGUOUS_VM']);
  for (const part of ['abcd-1', 'abcd-2', 'one', 'two']) expect(message).toContain(part);
  expect((await cli.mvirt('get', 'abc')).status).toBe(3);
  // A name is found before a prefix, but not where something would be lost.
  expect((await cli.mvirt('get', 'abcd')).stdout).toContain('other');
  for (const command of ['delete', 'kill']) {
    const ran = await cli.mvirt(command, 'abcd');
    expect([ran.status, ran.stdout]).toEqual([4, '']);
    expect(ran.stderr).toContain('abcd-1');
  }
});

test('a timeout is 5', async () => {
  await using cli = await openCli();
  await cli.bench.create({ name: 'web' });
  const before = cli.bench.clock.pending();
  const waiting = cli.jsonError('wait', 'web', 'running', '--timeout', '2s');
  await waitFor('the wait to have begun', () => cli.bench.clock.pending() > before);
  await cli.bench.clock.advance(2000);
  expect(await waiting).toMatchObject({ status: 5, code: 'TIMEOUT', message: expect.stringContaining('is not running after 2 s') });
});

test('no agent is 6, for every kind of command, with what was tried', async () => {
  using dir = tempDir('cli');
  const socket = dir.join('agent.sock');
  const commands = [
    ['list'],
    ['start', 'a', 'b'],
    ['create', '--disk', '/d'],
    ['events', '-f'],
    ['logs', 'a', '-f'],
    ['logs', 'a', '--console'],
    ['wait', 'a', 'running'],
  ];
  for (const argv of commands) {
    const ran = await runCaptured([...argv, '--socket', socket], dir.path);
    expect([ran.status, ran.stdout]).toEqual([6, '']);
    expect(ran.stderr).toContain(`mvirt: no agent at ${socket}\nhint: start it with: mvirt agent\n`);
  }
  const { status, stdout, stderr } = await runCaptured(['start', 'a', 'b', '--json'], dir.path, { MVIRT_SOCKET: socket });
  expect([status, stdout]).toEqual([6, '']);
  expect(checked('error', JSON.parse(stderr))).toMatchObject({ error: { code: 'AGENT_UNREACHABLE' } });
  expect(await runCaptured(['version', '--json', '--socket', socket], dir.path)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('"agentVersion":null'),
  });
});

test('every code ends with the status of its row, also one that no command could name', async () => {
  using dir = tempDir('cli');
  const services = doubleServices();
  await using _served = await serveDouble(dir.join('agent.sock'), services);
  for (const [code, row] of Object.entries(errorTable)) {
    services.failWith(new MvirtError({ code: code as keyof typeof errorTable, message: 'web: \x1b[2Jno' }));
    const ran = await runCaptured(['list', '--socket', dir.join('agent.sock')], dir.path);
    expect([code, ran.status, ran.stdout]).toEqual([code, row.exit, '']);
    expect(ran.stderr).toStartWith('mvirt: web: \ufffd[2Jno\nhint: ');
  }
});

test('usage errors need no agent, and are JSON where that was asked for', async () => {
  const human = await runCaptured(['create', '--vcpus', 'two', '--disk', 'd'], '/');
  expect(human).toEqual({ status: 2, stdout: '', stderr: 'mvirt: --vcpus: "two" is not a whole number\nhint: mvirt create --help shows what it takes\n' });
  for (const argv of [['--json', 'nosuch'], ['list', '--json', '--state'], ['--json'], ['get', '--json']]) {
    const { status, stdout, stderr } = await runCaptured(argv, '/');
    expect([status, stdout]).toEqual([2, '']);
    expect(checked('error', JSON.parse(stderr))).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
  }
});
