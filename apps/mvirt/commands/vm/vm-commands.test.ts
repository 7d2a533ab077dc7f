import { expect, test } from 'bun:test';
import { asVmId } from '@mvirt/domain';
import { openCli } from '../../cli/testing/open-cli.ts';

type Vm = { id: string; name: string; state: string; pending: Record<string, unknown> | null; labels: Record<string, string> } & Record<string, unknown>;
type Result = { id: string | null; name: string; changed: boolean; state: string | null; note: string | null; error: { code: string } | null };
const done = (stdout: string) => ({ status: 0, stdout, stderr: '' });

test("a VM's life for people", async () => {
  await using cli = await openCli();
  const kernel = cli.bench.file('kernel');
  const created = await cli.mvirt('create', '--name', 'web', '--kernel', kernel);
  expect(created).toEqual(done(expect.stringMatching(/^web: created {2}[0-9a-f-]{36}\n$/) as unknown as string));
  const id = created.stdout.trim().split('  ')[1] ?? '';
  expect((await cli.mvirt('list')).stdout).toMatch(/^NAME +ID +STATE .*\nweb +[0-9a-f]{8} +stopped +1 +512M +qemu +- +-\n$/);
  expect((await cli.mvirt('get', 'web')).stdout).toContain(`kernel      ${kernel}`);
  expect(await cli.mvirt('start', 'web')).toEqual(done('web: started\n'));
  expect(await cli.mvirt('start', 'web')).toEqual(done('web: nothing to do, it is running\n'));
  expect(await cli.mvirt('wait', 'web', 'running')).toEqual(done('web: running\n'));
  expect(await cli.mvirt('pause', 'web')).toEqual(done('web: paused\n'));
  expect(await cli.mvirt('resume', id)).toEqual(done('web: resumed\n'));
  expect(await cli.mvirt('reboot', id.slice(0, 8))).toEqual(done('web: reset\n'));
  expect(await cli.mvirt('set', 'web', 'vcpus=2', 'label.role=front')).toEqual(
    done('web: changed; at its next start: vcpus (vcpus: it runs without max-vcpus)\n'),
  );
  expect((await cli.mvirt('get', 'web')).stdout).toContain('pending     vcpus becomes 2 at the next start');
  expect(await cli.mvirt('stop', 'web')).toEqual(done('web: stopped\n'));
  expect(await cli.mvirt('stop', '-t', '5', 'web')).toEqual(done('web: nothing to do, it is stopped\n'));
  expect(await cli.mvirt('delete', 'web')).toEqual(done('web: deleted\n'));
  expect((await cli.mvirt('list')).stdout).toBe('NAME  ID  STATE  VCPUS  MEMORY  HYPERVISOR  UP  ADDRESS\n');
});

test("a VM's life for scripts: every document is what its schema says", async () => {
  await using cli = await openCli();
  const kernel = cli.bench.file('kernel');
  expect(await cli.json('list')).toEqual({ apiVersion: 'mvirt/v1', vms: [] });
  const { vm } = (await cli.json('create', '--name', 'web', '--kernel', kernel, '--label', 'role=front', '--network', 'default')) as { vm: Vm };
  expect(vm).toMatchObject({ name: 'web', state: 'stopped', memoryBytes: 512 * 1_048_576, labels: { role: 'front' }, lastExit: null, startedAt: null });
  const one = (changed: boolean, state: string) => ({
    apiVersion: 'mvirt/v1',
    results: [{ id: vm.id, name: 'web', changed, state, note: null, disks: null, error: null }],
  });
  expect(await cli.json('start', 'web')).toEqual(one(true, 'running'));
  expect(await cli.json('start', 'web')).toEqual(one(false, 'running'));
  expect(((await cli.json('wait', 'web', 'running')) as { vm: Vm }).vm.state).toBe('running');
  expect(await cli.json('pause', 'web')).toEqual(one(true, 'paused'));
  expect(await cli.json('resume', 'web')).toEqual(one(true, 'running'));
  expect(await cli.json('reboot', 'web')).toMatchObject(one(true, 'running'));
  expect(((await cli.json('set', 'web', 'memory=1G', 'label.role=')) as { vm: Vm }).vm).toMatchObject({ labels: {}, pending: { memoryBytes: 2 ** 30 } });
  const disk = cli.bench.file('data,1.raw');
  expect(await cli.json('attach-disk', 'web', disk)).toEqual(one(true, 'running'));
  const got = ((await cli.json('get', 'web')) as { vm: Vm }).vm;
  expect(got).toMatchObject({ disks: [{ path: disk, readonly: false, format: 'raw' }], state: 'running' });
  expect(await cli.json('detach-disk', 'web', 'data,1.raw')).toEqual(one(true, 'running'));
  const mac = '52:54:00:00:00:99';
  expect(await cli.json('attach-nic', 'web', '--mac', mac)).toEqual(one(true, 'running'));
  expect(await cli.json('detach-nic', 'web', mac)).toEqual(one(true, 'running'));
  expect(await cli.json('kill', 'web')).toEqual(one(true, 'stopped'));
  expect(await cli.json('stop', 'web')).toEqual(one(false, 'stopped'));
  const { events } = (await cli.json('events')) as { events: { seq: number; type: string }[] };
  expect(events.map(({ type }) => type)).toContain('created');
  const middle = events[1]?.seq ?? 0;
  expect(((await cli.json('events', '--since', `${middle}`)) as { events: unknown[] }).events).toEqual(events.slice(2));
  expect(((await cli.json('logs', 'web')) as { lines: unknown[] }).lines.length).toBeGreaterThan(0);
  expect(await cli.json('version')).toMatchObject({ agentVersion: '0.0.1' });
  expect(await cli.json('delete', 'web')).toMatchObject({ results: [{ name: 'web', changed: true }] });
});

test('disks, NICs and the plug, for people', async () => {
  await using cli = await openCli();
  await cli.bench.started({ name: 'web' });
  const disk = cli.bench.file('data.raw');
  const mac = '52:54:00:00:00:99';
  expect(await cli.mvirt('attach-disk', 'web', 'data.raw', '--ro', '--format', 'raw')).toEqual(done('web: disk attached\n'));
  expect(await cli.mvirt('attach-nic', 'web', '--network', `default,mac=${mac}`)).toEqual(done('web: NIC attached\n'));
  expect((await cli.mvirt('get', 'web')).stdout).toContain(`${disk} (raw, read-only)`);
  expect(await cli.mvirt('detach-disk', 'web', disk)).toEqual(done('web: disk detached\n'));
  expect(await cli.mvirt('detach-nic', 'web', mac)).toEqual(done('web: NIC detached\n'));
  expect(await cli.mvirt('kill', 'web')).toEqual(done('web: killed\n'));
  expect((await cli.mvirt('version')).stdout).toMatch(/^mvirt \d.*\nagent 0\.0\.1\n$/);
});

test('events and logs for people are a line each', async () => {
  await using cli = await openCli();
  await cli.bench.started({ name: 'web' });
  expect((await cli.mvirt('events')).stdout).toMatch(/^\d+ {2}2026-[^ ]+Z {2}web {2}created {2}.*\n/);
  expect((await cli.mvirt('logs', 'web', '--since', '2026-01-01T00:00:00Z')).stdout).toMatch(/^2026-[^ ]+Z {2}event +/);
  expect((await cli.mvirt('logs', 'web', '--since', '2030-01-01')).stdout).toBe('');
});

test('create and start at once; a start that fails says that the VM is there', async () => {
  await using cli = await openCli();
  const kernel = cli.bench.file('kernel');
  expect((await cli.mvirt('create', '--name', 'one', '--kernel', kernel, '--start', '--wait', 'running')).stdout).toMatch(/^one: created and running/);
  cli.bench.hypervisor.failNextLaunch('no such machine');
  const failed = await cli.jsonError('create', '--name', 'two', '--kernel', kernel, '--start');
  expect(failed).toMatchObject({ status: 1, code: 'START_FAILED', message: expect.stringContaining('VM two was created, and did not start:') });
  expect((await cli.mvirt('get', 'two')).status).toBe(0);
});

test('list: by state, by label, ids only', async () => {
  await using cli = await openCli();
  const up = await cli.bench.started({ name: 'up', labels: { role: 'front', zone: 'a' } });
  const off = await cli.bench.create({ name: 'off', labels: { role: 'front' } });
  const ids = async (...filters: string[]) => (await cli.mvirt('list', '-q', ...filters)).stdout.split('\n').filter(Boolean).sort();
  expect(await ids()).toEqual([String(up), String(off)].sort());
  expect(await ids('--state', 'running')).toEqual([up]);
  expect(await ids('--label', 'role=front', '--label', 'zone=a')).toEqual([up]);
  expect(await ids('--label', 'role=back')).toEqual([]);
  expect(((await cli.json('list', '--state', 'stopped')) as { vms: Vm[] }).vms.map(({ name }) => name)).toEqual(['off']);
});

test('several VMs: all are tried, and the first failure is the status', async () => {
  await using cli = await openCli();
  await cli.bench.create({ name: 'a' });
  await cli.bench.started({ name: 'b' });
  const ran = await cli.mvirt('delete', 'b', 'nosuch', 'a');
  expect([ran.status, ran.stdout]).toEqual([4, 'a: deleted\n']);
  expect(ran.stderr).toMatch(/^mvirt: .*b.*\nhint: .*\nmvirt: .*nosuch.*\nhint: .*\n$/);
  const { results } = (await cli.json('start', 'nosuch', 'b')) as { results: Result[] };
  expect(results.map(({ name, changed, error }) => [name, changed, error?.code ?? null])).toEqual([
    ['nosuch', false, 'VM_NOT_FOUND'],
    ['b', false, null],
  ]);
  expect((await cli.mvirt('start', 'nosuch', 'b', '--json')).status).toBe(3);
});

test('a VM that its policy starts again, and a drain', async () => {
  await using cli = await openCli();
  const kernel = cli.bench.file('kernel');
  const policy = ['--restart', 'on-failure', '--autostart', '--autostart-order', '2', '--autostart-delay', '30'];
  const { vm } = (await cli.json('create', '--name', 'web', '--kernel', kernel, ...policy, '--start')) as { vm: Vm };
  expect(vm).toMatchObject({ restart: 'on-failure', autostart: true, autostartOrder: 2, autostartDelaySeconds: 30, nextStartAt: null, restartAttempts: 0 });
  cli.bench.hypervisor.control(vm.id).crash();
  await cli.bench.until(asVmId(vm.id), 'stopped');
  expect((await cli.mvirt('list')).stdout).toContain('stopped, restarting');
  expect((await cli.mvirt('get', 'web')).stdout).toMatch(
    /next start {2}in \d+ s \(restart 1 in a row\)\nrestart +on-failure\nautostart +at each boot of the host, order 2, then a pause of 30 s\n/,
  );
  expect(((await cli.json('get', 'web')) as { vm: Vm }).vm).toMatchObject({ keepRunning: true, restartAttempts: 1, nextStartAt: expect.stringMatching(/Z$/) });
  await cli.mvirt('start', 'web');
  expect(await cli.json('agent', 'drain', '-t', '5')).toMatchObject({ results: [{ name: 'web', changed: true, state: 'stopped', error: null }] });
  expect(((await cli.json('get', 'web')) as { vm: Vm }).vm).toMatchObject({ state: 'stopped', keepRunning: true, lastExit: { cause: 'asked-stop' } });
  expect(await cli.mvirt('agent', 'drain')).toEqual(done('no VM is up\n'));
  expect(((await cli.json('set', 'web', 'autostart=off', 'restart=never')) as { vm: Vm }).vm).toMatchObject({
    autostart: false,
    autostartOrder: null,
    restart: 'never',
  });
});

test('a running VM takes a new size at once where it was created for it, else says why not yet', async () => {
  await using cli = await openCli();
  const kernel = cli.bench.file('kernel');
  const most = ['--max-vcpus', '4', '--max-memory', '1G'];
  const { vm } = (await cli.json('create', '--name', 'web', '--kernel', kernel, ...most)) as { vm: Vm };
  expect(vm).toMatchObject({ vcpus: 1, memoryBytes: 2 ** 29, maxVcpus: 4, maxMemoryBytes: 2 ** 30 });
  await cli.mvirt('start', 'web');
  expect(await cli.json('set', 'web', 'vcpus=2', 'memory=768M')).toMatchObject({
    vm: { vcpus: 2, memoryBytes: 768 * 2 ** 20, pending: null, unavailable: {} },
    note: null,
  });
  expect((await cli.mvirt('get', 'web')).stdout).toMatch(/^vcpus +2, up to 4 while it runs\nmemory +768M, up to 1G while it runs$/m);
  expect(await cli.mvirt('set', 'web', 'memory=512M')).toEqual(
    done('web: changed; at its next start: memoryBytes (memory: memory does not shrink while a VM runs)\n'),
  );

  await cli.mvirt('create', '--name', 'plain', '--kernel', kernel, '--start');
  expect(await cli.json('set', 'plain', 'vcpus=2')).toMatchObject({
    vm: { vcpus: 1, pending: { vcpus: 2 }, unavailable: { resize: 'it runs without max-vcpus and max-memory' } },
    note: 'vcpus: it runs without max-vcpus',
  });
});

test('who asks for events from a number on learns that some are gone: on stderr and in the document', async () => {
  await using cli = await openCli();
  const kernel = cli.bench.file('kernel');
  for (const name of ['a', 'b', 'c']) await cli.mvirt('create', '--name', name, '--kernel', kernel);
  expect(await cli.json('events', '--since', '0')).toMatchObject({ droppedTo: 0, events: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] });
  cli.bench.store().events.prune({ keep: 1, aged: null });
  const warned = { status: 0, stdout: expect.stringMatching(/^3 {2}/) as unknown as string, stderr: 'mvirt: warning: events up to 2 are no longer kept\n' };
  expect(await cli.mvirt('events', '--since', '1')).toEqual(warned);
  expect(await cli.json('events')).toMatchObject({ droppedTo: 2, events: [{ seq: 3 }] });
  expect((await cli.mvirt('events', '--since', '2')).stderr).toBe('');
  expect((await cli.mvirt('events')).stderr).toBe('');
});
