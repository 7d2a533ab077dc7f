import { expect, test } from 'bun:test';
import { serveGrpc } from '@mvirt/testkit/grpc-bridge';
import { waitFor } from '@mvirt/testkit/wait-for';
import { type CliBench, cliWith, openCli } from './testing/open-cli.ts';
import { spawnMvirt } from './testing/spawn-mvirt.ts';

/** The same agent behind both doors. */
async function bothDoors() {
  await using parts = new AsyncDisposableStack();
  const cli: CliBench = parts.use(await openCli({ hypervisor: { missingFiles: 'refused' } }));
  const bridge = parts.use(await serveGrpc(cli.bench.engine(), null));
  const whole = parts.move();
  return {
    cli,
    bench: cli.bench,
    target: bridge.target,
    grpc: cliWith(['--server', `http://${bridge.target}`], cli.bench.dir.path),
    async [Symbol.asyncDispose]() {
      await whole.disposeAsync();
      expect(bridge.defects).toEqual([]);
    },
  };
}

test("through the agent's bridge: every command in both forms, each document as its schema says", async () => {
  await using doors = await bothDoors();
  const { grpc, bench } = doors;
  const done = (stdout: string) => ({ status: 0, stdout, stderr: '' });
  const created = (await grpc.json('create', '--name', 'web', '--kernel', bench.file('kernel'), '--network', 'default')).vm as Record<string, unknown>;
  expect(created).toMatchObject({ name: 'web', state: 'stopped', startedAt: null, pid: null, hypervisor: null, labels: null });
  expect(await grpc.mvirt('start', 'web')).toEqual(done('web: started\n'));
  expect(await grpc.mvirt('start', 'web')).toEqual(done('web: nothing to do, it is running\n'));
  bench.file('data.raw');
  expect(await grpc.mvirt('attach-disk', 'web', 'data.raw', '--ro')).toEqual(done('web: disk attached\n'));
  expect(await grpc.mvirt('attach-nic', 'web', '--mac', '52:54:00:00:00:99')).toEqual(done('web: NIC attached\n'));
  const got = (await grpc.json('get', 'web')).vm as { nics: unknown[] } & Record<string, unknown>;
  expect(got).toMatchObject({ state: 'running', disks: [{ path: bench.dir.join('data.raw'), readonly: true, format: null }] });
  expect(got.nics).toHaveLength(2);
  expect(await grpc.mvirt('detach-nic', 'web', '52:54:00:00:00:99')).toEqual(done('web: NIC detached\n'));
  expect(await grpc.json('detach-disk', 'web', 'data.raw')).toMatchObject({ results: [{ name: 'web', changed: true, state: 'running' }] });
  expect((await grpc.json('list', '--state', 'running')).vms).toHaveLength(1);
  expect(await grpc.json('version')).toMatchObject({ agentVersion: '0.0.1' });
  expect(await grpc.mvirt('stop', 'web')).toEqual(done('web: stopped\n'));
  expect(await grpc.mvirt('stop', 'web')).toEqual(done('web: nothing to do, it is stopped\n'));
  expect(await grpc.json('kill', 'web')).toMatchObject({ results: [{ changed: false, state: 'stopped' }] });
  expect(await grpc.json('delete', 'web')).toMatchObject({ results: [{ name: 'web', changed: true }] });
});

test('what fails fails alike at both doors: status, code and hint', async () => {
  await using doors = await bothDoors();
  const { cli, grpc, bench } = doors;
  await bench.started({ name: 'web', disks: [{ path: bench.file('there.raw') }] });
  await bench.create({ name: 'gone', kernel: '/nosuch/kernel' });
  await bench.create({ id: 'abcd-1' });
  await bench.create({ id: 'abcd-2' });
  for (const [status, ...argv] of [
    [3, 'get', 'nosuch'],
    [4, 'get', 'abcd-'],
    [3, 'detach-disk', 'web', '/nosuch'],
    [3, 'detach-nic', 'web', '52:54:00:00:00:77'],
    [4, 'attach-disk', 'web', 'there.raw'],
    [2, 'attach-nic', 'web', '--mac', 'nonsense'],
    [2, 'stop', '-t', 'soon', 'web'],
    [2, 'list', '--nonsense'],
  ] as const) {
    const [ours, theirs] = [await cli.jsonError(...argv), await grpc.jsonError(...argv)];
    expect([argv, ours.status]).toEqual([argv, status]);
    expect([argv, theirs.status, theirs.code, theirs.hint]).toEqual([argv, ours.status, ours.code, ours.hint]);
  }
  for (const argv of [
    ['delete', 'web'],
    ['start', 'nosuch', 'web'],
    ['start', 'gone'],
  ]) {
    expect([argv, await grpc.mvirt(...argv)]).toEqual([argv, await cli.mvirt(...argv)]);
  }
});

test('events and a console through the bridge, until Ctrl-C and the end of the run', async () => {
  await using doors = await bothDoors();
  const { grpc, bench, target } = doors;
  const id = await bench.started({ name: 'web' });
  const guest = bench.hypervisor.control(id);
  guest.print('before\r\n');
  await using events = spawnMvirt(['events', '-f', '--server', target]);
  await using console = spawnMvirt(['console', 'web', '--server', target]);
  await waitFor(
    'both to be attached',
    async () => {
      guest.print('.');
      await bench.clock.advance(1000);
      await grpc.mvirt('create', '--kernel', '/k');
      return console.stdout().includes('.') && events.stdout().includes('created');
    },
    { timeoutMs: 20_000 },
  );
  console.child.stdin?.write('typed\r');
  await waitFor('the guest to have it', () => Buffer.from(guest.input()).toString() === 'typed\r');
  expect((await grpc.mvirt('kill', 'web')).status).toBe(0);
  expect([await console.ended(), console.stderr()]).toEqual([0, '\r\n[mvirt: VM web is off]\r\n']);
  expect(console.stdout()).not.toContain('before');
  await waitFor('its event', () => events.stdout().includes('web  stopped'));
  events.child.kill('SIGINT');
  expect([await events.ended(), events.stderr()]).toEqual([130, '']);
});
