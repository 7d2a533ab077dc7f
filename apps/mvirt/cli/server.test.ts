import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { noPython } from '@mvirt/testkit/contract/python';
import { openPythonServer } from '@mvirt/testkit/contract/python-server';
import { generations } from '@mvirt/testkit/contract/tables';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { commands } from '../commands/registry.ts';
import { checked, cliWith, runCaptured } from './testing/open-cli.ts';
import { spawnMvirt } from './testing/spawn-mvirt.ts';

const missing = noPython();
if (missing) console.log(`skipped: ${missing}`);

const toServer = (target: string, cwd = '/') => cliWith(['--server', target], cwd);
const done = (stdout: string) => ({ status: 0, stdout, stderr: '' });
const vmOf = (document: Record<string, unknown>) => document.vm as { id: string; state: string } & Record<string, unknown>;

for (const generation of generations) {
  const title = (text: string) => `the existing daemon, ${generation}: ${text}`;

  test.skipIf(missing !== null)(title("a VM's life for people and for scripts"), async () => {
    await using server = await openPythonServer(generation);
    const cli = toServer(server.target);
    const created = await cli.mvirt('create', '--name', 'web', '--vcpus', '1', '--memory', '512', '--kernel', '/k', '--disk', '/d', '--cmdline', 'a b');
    expect([created.status, created.stdout, created.stderr]).toEqual([0, expect.stringMatching(/^web: created {2}[0-9a-f-]{36}\n$/), '']);
    const id = created.stdout.trim().split('  ')[1] ?? '';
    expect((await cli.mvirt('list')).stdout).toMatch(/^NAME +ID +STATE .*\nweb +[0-9a-f]{8} +stopped +1 +512M +- +- +-\n$/);
    expect((await cli.mvirt('get', 'web')).stdout).toMatch(
      /^name +web\nid .*\nstate +stopped\nvcpus +1\nmemory +512M\ncreated .*Z\nkernel +\/k\ncmdline +a b\ndisk +\/d\n$/,
    );
    expect(vmOf(await cli.json('get', id.slice(0, 4)))).toMatchObject({ id, name: 'web', responsive: null, labels: null, startedAt: null, nics: [] });
    expect(await cli.mvirt('start', 'web')).toEqual(done('web: started\n'));
    expect(await cli.mvirt('start', 'web')).toEqual(done('web: nothing to do, it is running\n'));
    expect(vmOf(await cli.json('get', 'web'))).toMatchObject({ state: 'running', startedAt: expect.stringMatching(/Z$/) });
    expect(await cli.mvirt('delete', 'web')).toMatchObject({
      status: 4,
      stdout: '',
      stderr: expect.stringMatching(/^mvirt: VM is running\nhint: mvirt get VM/),
    });
    expect(await cli.json('stop', 'web', '-t', '7')).toMatchObject({ results: [{ id, name: 'web', changed: true, state: 'stopped', error: null }] });
    expect(await cli.mvirt('stop', 'web', 'nosuch')).toMatchObject({ status: 3, stdout: 'web: nothing to do, it is stopped\n' });
    expect(await cli.json('kill', 'web')).toMatchObject({ results: [{ changed: false, state: 'stopped' }] });
    expect(await cli.mvirt('start', 'web')).toEqual(done('web: started\n'));
    expect(await cli.mvirt('kill', id)).toEqual(done('web: killed\n'));
    expect(await cli.json('delete', 'web')).toMatchObject({ results: [{ id, name: 'web', changed: true, state: 'stopped', error: null }] });
    expect(await cli.json('list')).toEqual({ apiVersion: 'mvirt/v1', vms: [] });
    expect(server.heard.filter(({ method }) => method === 'StopVm').map(({ request }) => request)).toEqual([
      { id, timeout_seconds: 7 },
      { id, timeout_seconds: 30 },
    ]);
  });

  test.skipIf(missing !== null)(title('what it lacks and what it refuses is said'), async () => {
    await using server = await openPythonServer(generation);
    const cli = toServer(server.target);
    expect(await cli.jsonError('create', '--name', 'broken', '--kernel', '/k', '--start')).toMatchObject({
      status: 1,
      code: 'START_FAILED',
      message: 'VM broken was created, and did not start: Failed to start VM: no such kernel',
    });
    for (const argv of [
      ['attach-disk', 'broken', '/x'],
      ['detach-disk', 'broken', '/x'],
      ['attach-nic', 'broken'],
      ['detach-nic', 'broken', '52:54:00:00:00:01'],
    ]) {
      expect(await cli.jsonError(...argv)).toMatchObject({ status: 1, code: 'UNSUPPORTED', message: expect.stringMatching(/has no (At|De)tach(Disk|Nic)$/) });
    }
    const version = await cli.json('version');
    expect(version).toMatchObject({ agentVersion: generation === 'v1' ? null : '0.9.9' });
    expect((await cli.mvirt('version')).stdout).toContain(generation === 'v1' ? 'agent of a release that does not say which\n' : 'agent 0.9.9\n');
    if (generation === 'v1')
      expect(await cli.jsonError('events', '-f')).toMatchObject({ status: 1, code: 'UNSUPPORTED', message: expect.stringContaining('has no WatchVms') });
  });

  test.skipIf(missing !== null)(title('a create arrives whole, by the words that this generation has'), async () => {
    await using server = await openPythonServer(generation);
    using dir = tempDir('server');
    writeFileSync(dir.join('user.yaml'), '#cloud-config\n');
    const cli = toServer(server.target, dir.path);
    await cli.json(
      'create',
      '--name',
      'Name of Any Kind',
      '--kernel',
      'k',
      '--initramfs',
      'i',
      '--disk',
      'a,,b.qcow2,ro',
      '--memory',
      '1G',
      '--user-data',
      'user.yaml',
    );
    await cli.json(
      'create',
      '--vcpus',
      '3',
      '--disk',
      'd',
      '--network',
      'tap=tap7,mac=52:54:00:00:00:01',
      '--network',
      'default',
      '--hypervisor',
      'auto',
      '--restart',
      'never',
    );
    await cli.json('create', '--firmware', 'hypervisor-fw', '--disk', 'd,format=raw');
    await waitFor('the third create to be heard', () => server.heard.length === 3);
    const boot = (mode: number) => (generation === 'v1' ? {} : { boot_mode: mode });
    expect(server.heard.map(({ request }) => request)).toEqual([
      {
        name: 'Name of Any Kind',
        config: {
          vcpus: 1,
          memory_mb: '1024',
          kernel: dir.join('k'),
          initramfs: dir.join('i'),
          disks: [{ path: dir.join('a,b.qcow2'), readonly: true }],
          user_data: '#cloud-config\n',
          ...boot(2),
        },
      },
      { config: { vcpus: 3, memory_mb: '512', disks: [{ path: dir.join('d') }], nics: [{ tap: 'tap7', mac: '52:54:00:00:00:01' }, {}], ...boot(1) } },
      { config: { vcpus: 1, memory_mb: '512', kernel: dir.join('hypervisor-fw'), disks: [{ path: dir.join('d') }], ...boot(2) } },
    ]);
  });
}

test.skipIf(missing !== null)('what gRPC has no words for is refused, and nothing is sent', async () => {
  await using server = await openPythonServer('v2');
  const cli = toServer(server.target);
  const kernel = ['--kernel', '/k'];
  const key = fileOf('key', 'ssh-ed25519 AAAA me@host\n');
  using _dir = key.dir;
  for (const [argv, says] of [
    [['create', ...kernel, '--label', 'a=b'], /^--label: cannot be said over gRPC$/],
    [['create', ...kernel, '--ssh-key', key.path], /^--ssh-key: cannot/],
    [['create', ...kernel, '--hypervisor', 'qemu'], /^--hypervisor: cannot/],
    [['create', ...kernel, '--restart', 'always'], /^--restart: cannot/],
    [['create', ...kernel, '--autostart'], /^--autostart: cannot/],
    [['create', ...kernel, '--max-vcpus', '2'], /^--max-vcpus: cannot/],
    [['create', ...kernel, '--max-memory', '2G'], /^--max-memory: cannot/],
    [['create', ...kernel, '--disk', '/d,format=qcow2'], /^\/d: the format qcow2: cannot/],
    [['create', '--firmware', '/boot/efi.bin'], /^--firmware \/boot\/efi.bin: cannot/],
    [['create', ...kernel, '--vcpus', '4294967296'], /^--vcpus: 4294967296 is more than gRPC can carry$/],
    [['create'], /^disk boot requires at least one disk$/],
    [['attach-disk', 'web', '/d', '--format', 'qcow2'], /^\/d: the format qcow2: cannot/],
    [['events'], /^events: .* keeps none$/],
    [['events', '-f', '--since', '3'], /^--since: events have no numbers/],
    [['console', 'web', '--history', '5'], /^(--history: a console over gRPC has none|console: is bytes)/],
  ] as const) {
    const error = await cli.jsonError(...argv);
    expect([argv, error.status, error.code]).toEqual([argv, 2, 'INVALID_ARGUMENT']);
    expect(error.message).toMatch(says);
    expect(error.hint.length).toBeGreaterThan(10);
  }
  await waitFor('the create to be heard', () => server.heard.length > 0);
  expect(server.heard.map(({ request }) => request)).toEqual([{ config: { vcpus: 1, memory_mb: '512', boot_mode: 1 } }]);
  await cli.json('create', '--name', 'web', ...kernel);
  expect(await cli.mvirt('stop', 'web', '-t', '4294967296')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^mvirt: --timeout: 4294967296 is more than gRPC can carry\n/),
  });
  expect(await cli.jsonError('list', '--label', 'a=b')).toMatchObject({ status: 2, message: '--label: labels cannot be had over gRPC' });
});

function fileOf(name: string, text: string) {
  const dir = tempDir('server');
  writeFileSync(dir.join(name), text);
  return { dir, path: dir.join(name) };
}

test.skipIf(missing !== null)('VMs are looked up as the agent does: id, name, the first characters; what may be two is said', async () => {
  await using server = await openPythonServer('v1');
  const cli = toServer(server.target);
  const create = async (name: string) => vmOf(await cli.json('create', '--name', name, '--kernel', '/k')).id;
  const twins = [await create('twin'), await create('twin')];
  const [first = ''] = twins;
  expect(vmOf(await cli.json('get', first)).id).toBe(first);
  const { status, code, message } = await cli.jsonError('get', 'twin');
  expect([status, code]).toEqual([4, 'AMBIGUOUS_VM']);
  for (const id of twins) expect(message).toContain(id);
  await create(first.slice(0, 5));
  expect(vmOf(await cli.json('get', first.slice(0, 5))).id).not.toBe(first);
  expect((await cli.mvirt('delete', first.slice(0, 5))).status).toBe(4);
  expect(await cli.jsonError('get', 'nosuch')).toMatchObject({
    status: 3,
    code: 'VM_NOT_FOUND',
    message: 'VM nosuch not found',
    hint: 'mvirt list shows every VM',
  });
});

const flagsOf = (name: string): string[] =>
  commands.find((one) => one.name === name)?.arguments.map(({ choices, name: word }) => choices?.[0] ?? (word === 'CHANGE' ? 'name=b' : 'x')) ?? [];

test('other commands, and the full-screen UI, are refused with a hint', async () => {
  for (const { name, overGrpc } of commands) {
    if (overGrpc) continue;
    const ran = await runCaptured(['--server', 'http://[::1]:1', ...name.split(' '), ...flagsOf(name)], '/');
    expect([name, ran.status, ran.stdout]).toEqual([name, 2, '']);
    expect(ran.stderr).toMatch(new RegExp(`^mvirt: ${name}: cannot be had over gRPC\nhint: leave out --server .* list, get, create, `));
  }
  expect((await runCaptured(['--server', 'x'], '/')).stderr).toStartWith('mvirt: the full-screen UI: cannot be had over gRPC\nhint: leave out --server');
});

test('flags that do not go together, and files that are not there', async () => {
  using file = fileOf('not.pem', 'nonsense').dir;
  const pem = file.join('not.pem');
  for (const [status, argv, says] of [
    [2, ['--server', 'x', '--socket', '/s'], /^--server and --socket name two agents/],
    [2, ['--tls-ca', 'x'], /are for --server https:/],
    [2, ['--server', 'http://x', '--tls-ca', 'x'], /begins with https:/],
    [2, ['--server', 'https://x', '--tls-cert', 'x'], /given together/],
    [2, ['--server', 'https://x', '--tls-key', 'x'], /given together/],
    [3, ['--server', 'https://x', '--tls-ca', '/nosuch'], /^--tls-ca: \/nosuch cannot be read: ENOENT/],
    [2, ['--server', 'https://x', '--tls-cert', pem, '--tls-key', pem], /^--tls-cert, --tls-key: no PEM/],
    [2, ['--server', 'https://x', '--tls-ca', pem], /^--tls-ca: no PEM/],
    [2, ['--server', 'ftp://x'], /^--server: "ftp:\/\/x" is no address/],
  ] as const) {
    const { status: ended, stdout, stderr } = await runCaptured(['list', '--json', ...argv], '/');
    const { error } = JSON.parse(stderr) as { error: { message: string; hint: string } };
    expect([argv, ended, stdout]).toEqual([argv, status, '']);
    expect(error.message).toMatch(says);
    expect(error.hint.length).toBeGreaterThan(10);
  }
});

test('no server is 6 for every command, with the address and a hint', async () => {
  for (const { name } of commands.filter((command) => command.overGrpc)) {
    const more = { create: ['--kernel', '/k'], events: ['-f'] }[name] ?? [];
    const ran = await runCaptured(['--server', '[::1]:1', name, ...flagsOf(name), ...more], '/');
    if (name === 'version') expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('agent not reachable\n') });
    else
      expect([name, ran]).toEqual([
        name,
        {
          status: 6,
          stdout: '',
          stderr: expect.stringMatching(/^mvirt: no gRPC server answers at http:\/\/\[::1\]:1: connect ECONNREFUSED .*\nhint: check the address; /),
        },
      ]);
  }
  const gone = await runCaptured(['start', 'a', 'b', '--json', '--server', 'unix:/nonexistent'], '/');
  expect([gone.status, gone.stdout]).toEqual([6, '']);
  expect(JSON.parse(gone.stderr)).toMatchObject({
    error: { code: 'AGENT_UNREACHABLE', message: 'no gRPC server answers at unix:/nonexistent: connect ENOENT /nonexistent' },
  });
});

test('a proxy for the web is passed by', async () => {
  const nobody = 'http://[::1]:9';
  await using mvirt = spawnMvirt(['list', '--server', '[::1]:1'], { http_proxy: nobody, grpc_proxy: nobody, https_proxy: nobody });
  expect([await mvirt.ended(), mvirt.stderr()]).toEqual([6, expect.stringContaining('ECONNREFUSED ::1:1\n')]);
});

test('what speaks something else, or hangs up at once, is said to', async () => {
  for (const [answer, says] of [
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'Protocol error'],
    ['', 'it closed the connection'],
  ] as const) {
    const server = createServer((socket) => socket.end(answer));
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '::1', resolve);
    await promise;
    const ran = await runCaptured(['list', '--server', `[::1]:${(server.address() as { port: number }).port}`], '/');
    server.close();
    expect([ran.status, ran.stderr]).toEqual([6, expect.stringContaining(`: ${says}\nhint: check the address; an agent says no to all but root`)]);
  }
});

test('a server that never answers is given up by Ctrl-C', async () => {
  let asked = 0;
  const server = createServer((socket) => void socket.on('data', () => (asked += 1)).on('error', () => {}));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '::1', resolve);
  await promise;
  await using mvirt = spawnMvirt(['list', '--server', `[::1]:${(server.address() as { port: number }).port}`]);
  await waitFor('the client to have asked', () => asked > 0);
  mvirt.child.kill('SIGINT');
  expect([await mvirt.ended(), mvirt.stdout(), mvirt.stderr()]).toEqual([130, '', '']);
  server.close();
});

test.skipIf(missing !== null)('a server that dies in the middle is 6, whatever waits for it', async () => {
  for (const waiting of [
    ['events', '-f'],
    ['stop', '-t', '0', 'web'],
    ['console', 'web'],
  ]) {
    await using server = await openPythonServer('v2');
    const cli = toServer(server.target);
    await cli.json('create', '--name', 'web', '--kernel', '/k', '--start');
    await using mvirt = spawnMvirt([...waiting, '--server', server.target]);
    const underWay = {
      // An event shows that it watches.
      events: async () => (await cli.mvirt('create', '--kernel', '/k')).status === 0 && mvirt.stdout().includes('created'),
      stop: () => server.heard.some(({ method }) => method === 'StopVm'),
      console: () => mvirt.stdout().includes('attached'),
    }[waiting[0] ?? ''];
    await waitFor(`${waiting[0]} to be under way`, underWay ?? (() => null));
    await server.kill();
    expect([waiting, await mvirt.ended()]).toEqual([waiting, 6]);
    expect(mvirt.stderr()).toMatch(/mvirt: the server at .* went away: .*\nhint: what had begun goes on; /);
  }
});

test.skipIf(missing !== null)('events as they happen, for people and for scripts', async () => {
  await using server = await openPythonServer('v2');
  const cli = toServer(server.target);
  await using people = spawnMvirt(['events', '-f', '--server', server.target]);
  await using scripts = spawnMvirt(['events', '-f', '--json', '--server', server.target]);
  const both = (text: string) => people.stdout().includes(text) && scripts.stdout().includes(text);
  await waitFor('both to watch', async () => (await cli.mvirt('create', '--name', 'first', '--kernel', '/k')).status === 0 && both('first'), {
    timeoutMs: 10_000,
  });
  await cli.json('create', '--name', 'web', '--kernel', '/k', '--start');
  await cli.json('kill', 'web');
  await cli.json('delete', 'web');
  await waitFor('the last event', () => both('deleted'));
  for (const one of [people, scripts]) {
    one.child.kill('SIGINT');
    expect([await one.ended(), one.stderr()]).toEqual([130, '']);
  }
  expect(
    people
      .stdout()
      .split('\n')
      .filter((line) => line.includes('web'))
      .map((line) => line.replace(/\d{4}-.*Z/, 'T')),
  ).toEqual(['-  T  web  created', '-  T  web  started', '-  T  web  stopped', '-  T  web  deleted']);
  const events = scripts
    .stdout()
    .split('\n')
    .filter(Boolean)
    .map((line) => checked('events-follow', JSON.parse(line)));
  expect(events.filter(({ vmName }) => vmName === 'web').map(({ type, seq }) => [type, seq])).toEqual(
    ['created', 'started', 'stopped', 'deleted'].map((type) => [type, null]),
  );
});
