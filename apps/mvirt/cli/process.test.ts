import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { asVmId } from '@mvirt/domain';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { openCli } from './testing/open-cli.ts';
import { mainPath, spawnMvirt } from './testing/spawn-mvirt.ts';

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

test('Ctrl-C is 130 for whatever waits, and ends the wait alone', async () => {
  using dir = tempDir('cli');
  const services = doubleServices();
  services.vmsById.set(asVmId('vm-1'), doubleVm('vm-1'));
  await using _served = await serveDouble(dir.join('agent.sock'), services);
  const cases: [string[], under: () => boolean][] = [
    [['wait', 'vm-1', 'running'], () => services.waiting.has('wait running')],
    [['stop', 'vm-1'], () => services.waiting.has('stop')],
    [['stop', 'vm-1', '--json'], () => services.waiting.has('stop')],
    [['events', '-f'], () => services.streams > 0],
    [['logs', 'vm-1', '-f'], () => services.streams > 0],
    [['logs', 'vm-1', '-f', '--console'], () => services.streams > 0],
    [['console', 'vm-1'], () => services.streams > 0],
  ];
  for (const [argv, underWay] of cases) {
    await using mvirt = spawnMvirt([...argv, '--socket', dir.join('agent.sock')]);
    await waitFor(`${argv.join(' ')} to be under way`, underWay);
    mvirt.child.kill('SIGINT');
    expect([argv, await mvirt.ended()]).toEqual([argv, 130]);
    expect(mvirt.stderr()).not.toContain('defect');
    await waitFor(`${argv.join(' ')} to be given up`, () => services.streams === 0 && services.waiting.size === 0);
  }
});

test('a reader that has seen enough ends it without a word', async () => {
  await using cli = await openCli();
  await cli.bench.started({ name: 'web' });
  const events = cli.bench.events(cli.bench.vms().list()[0]?.id ?? asVmId('none'));
  expect(events.length).toBeGreaterThan(1);
  const follow = `"$@" | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['-c', follow, '-', process.execPath, mainPath, 'events', '-f', '--since', '0', '--socket', cli.socketPath]);
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => {
    written.stdout += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    written.stderr += data.toString();
  });
  const closed = once(child, 'close');
  // head may have gone before or after the second event was written: another one finds out.
  await waitFor('the first event', () => written.stdout.includes('created'));
  await cli.mvirt('set', 'web', 'label.a=b');
  await cli.mvirt('pause', 'web');
  await closed;
  expect(written.stderr).toBe('');
  expect(lines(written.stdout)).toEqual([expect.stringContaining('  created  '), '141']);
});

test('a large list into a pipe whose reader has gone', async () => {
  await using cli = await openCli();
  for (let n = 0; n < 300; n++) await cli.bench.create({ name: `vm-${n}`, labels: { text: 'x'.repeat(255) } });
  const child = spawn('bash', [
    '-c',
    `"$@" | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"`,
    '-',
    process.execPath,
    mainPath,
    'list',
    '--json',
    '--socket',
    cli.socketPath,
  ]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  await once(child, 'close');
  expect([stdout, stderr]).toEqual(['141\n', '']);
  // One that reads slowly gets it all: more than a pipe holds.
  await using slow = spawnMvirt(['list', '--json', '--socket', cli.socketPath]);
  expect(await slow.ended()).toBe(0);
  expect(slow.stdout().length).toBeGreaterThan(100_000);
  expect(JSON.parse(slow.stdout())).toEqual(await cli.json('list'));
});

for (const [command, read] of [
  [['events', '-f', '--since', '0', '--json'], (text: string) => lines(text).map((line) => (JSON.parse(line) as { seq: number }).seq)],
  [['events', '-f', '--since', '0'], (text: string) => lines(text).map((line) => Number.parseInt(line, 10))],
] as const) {
  test(`${command.join(' ')} goes on where it was when the agent comes back`, async () => {
    await using cli = await openCli();
    await cli.bench.started({ name: 'web' });
    const known = () =>
      cli.bench
        .engine()
        .events.read({ since: 0, limit: 1000 })
        .map(({ seq }) => seq);
    await using mvirt = spawnMvirt([...command, '--socket', cli.socketPath]);
    const caughtUp = () => waitFor('all events to be shown', () => read(mvirt.stdout()).length >= known().length);
    await caughtUp();
    cli.hangUp();
    await cli.bench.vms().pause(cli.bench.vms().list()[0]?.id ?? asVmId('none'), {});
    await cli.listen();
    await caughtUp();
    await cli.mvirt('resume', 'web');
    await caughtUp();
    expect(read(mvirt.stdout())).toEqual(known());
    mvirt.child.kill('SIGINT');
    expect(await mvirt.ended()).toBe(130);
  });
}

test('logs -f goes on likewise, each line once', async () => {
  await using cli = await openCli();
  const id = await cli.bench.started({ name: 'web' });
  await using mvirt = spawnMvirt(['logs', 'web', '-f', '--json', '--socket', cli.socketPath]);
  await waitFor('the log so far', () => mvirt.stdout().includes('"running"'));
  cli.hangUp();
  await cli.bench.vms().pause(id, {});
  await cli.listen();
  await waitFor('what happened meanwhile', () => mvirt.stdout().includes('paused'));
  const shown = lines(mvirt.stdout()).map((line) => (JSON.parse(line) as { text: string }).text);
  const all = ((await cli.json('logs', 'web')) as { lines: { text: string }[] }).lines.map(({ text }) => text);
  expect(shown).toEqual(all);
});

test('delete and kill ask nobody where there is no terminal', async () => {
  await using cli = await openCli();
  await cli.bench.started({ name: 'web' });
  for (const command of ['kill', 'delete']) {
    await using mvirt = spawnMvirt([command, 'web', '--socket', cli.socketPath]);
    expect([await mvirt.ended(), mvirt.stderr()]).toEqual([0, '']);
  }
  expect(cli.bench.vms().list()).toEqual([]);
});

test('a console without a terminal types what comes in, and its end leaves', async () => {
  await using cli = await openCli();
  const id = await cli.bench.started({ name: 'web' });
  await using mvirt = spawnMvirt(['console', 'web', '--socket', cli.socketPath]);
  const typed = `a\x01t${'0123456789abcdef'.repeat(20_000)}`;
  mvirt.child.stdin?.end(typed);
  expect([await mvirt.ended(), mvirt.stderr().includes('mvirt: web')]).toEqual([0, false]);
  await waitFor('the guest to have it all', () => cli.bench.hypervisor.control(id).input().length === typed.length);
  expect(Buffer.from(cli.bench.hypervisor.control(id).input()).toString()).toBe(typed);
});

test("a guest's own bytes are written as they are where they were asked for", async () => {
  await using cli = await openCli();
  const id = await cli.bench.started({ name: 'web' });
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
  cli.bench.hypervisor.control(id).print(bytes);
  await using mvirt = spawnMvirt(['logs', 'web', '--console', '--socket', cli.socketPath]);
  expect(await mvirt.ended()).toBe(0);
  expect(mvirt.stdout()).toBe(bytes.toString('latin1'));
});

test('no name or text of others steers the terminal', async () => {
  using dir = tempDir('cli');
  const services = doubleServices();
  const evil = '\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202e';
  const vm = doubleVm('vm-1', evil);
  services.vmsById.set(vm.id, {
    ...vm,
    spec: { ...vm.spec, kernel: evil, cmdline: evil, labels: { [evil]: evil }, disks: [{ path: evil, readonly: false, format: 'raw' }] },
  });
  services.append();
  for (const event of services.stored) Object.assign(event, { vmName: evil, message: evil });
  await using _served = await serveDouble(dir.join('agent.sock'), services);
  for (const argv of [
    ['list'],
    ['get', 'vm-1'],
    ['events'],
    ['start', 'vm-1'],
    ['set', 'vm-1', 'vcpus=2'],
    ['get', evil],
    ['start', evil, 'vm-1'],
    [evil],
    ['list', `--${evil}`],
    ['console', `x${evil}`],
  ]) {
    await using mvirt = spawnMvirt([...argv, '--socket', dir.join('agent.sock')]);
    mvirt.child.stdin?.end();
    await mvirt.ended();
    const seen = Buffer.from(mvirt.stdout() + mvirt.stderr(), 'latin1').toString('utf8');
    expect([argv, seen.length > 0]).toEqual([argv, true]);
    expect(seen).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});

test('the version needs nothing else', async () => {
  for (const flag of ['--version', '-V']) {
    await using mvirt = spawnMvirt([flag]);
    expect([await mvirt.ended(), mvirt.stdout()]).toEqual([0, expect.stringMatching(/^mvirt \d+\.\d+\.\d+\n$/)]);
  }
});
