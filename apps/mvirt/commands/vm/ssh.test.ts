import { expect, test } from 'bun:test';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { openCli, runCaptured } from '../../cli/testing/open-cli.ts';

test.each([
  [['ssh'], /missing required argument/],
  [['ssh', 'web', '--user', '-oProxyCommand=id'], /--user: "-oProxyCommand=id" is not a user's name/],
  [['ssh', 'web', '-l', 'a b'], /--user: "a b" is not a user's name/],
  [['ssh', 'web', '-o', 'ForwardAgent'], /--option: "ForwardAgent" is not of the form NAME=VALUE/],
  [['ssh', 'web', '--stdio', '--json'], /--stdio: goes with nothing else/],
  [['ssh', 'web', '--stdio', 'uptime'], /--stdio: goes with nothing else/],
  [['ssh', 'web', '--stdio', '--user', 'root'], /--stdio: goes with nothing else/],
  [['cp', 'a', 'b'], /neither is in a guest: write VM:PATH/],
  [['cp', 'web:a', 'db:b'], /both are in guests/],
  [['cp', 'a'], /missing required argument/],
  [['cp', 'a', 'web:b', 'c'], /too many arguments/],
  [['ssh', 'web', '--server', 'http://localhost'], /ssh: cannot be had over gRPC/],
] as const)('mvirt %j is refused with a hint', async (argv, message) => {
  await using cli = await openCli();
  const flags = (argv as readonly string[]).includes('--server') ? [] : ['--socket', cli.socketPath];
  const ran = await runCaptured([...flags, ...argv], cli.bench.dir.path);
  expect([ran.status, ran.stdout]).toEqual([2, '']);
  expect(ran.stderr).toMatch(message);
  expect(ran.stderr).toMatch(/hint/);
});

test('a VM that cannot be reached: what it lacks, and what helps', async () => {
  await using cli = await openCli();
  await cli.bench.create({ name: 'web', nics: [{ network: 'default' }] });
  for (const argv of [
    ['ssh', 'web'],
    ['cp', 'x', 'web:'],
    ['ssh', 'web', '--stdio'],
  ]) {
    expect(await cli.mvirt(...argv)).toEqual({ status: 4, stdout: '', stderr: 'mvirt: VM web is stopped\nhint: start it: mvirt start web\n' });
  }
  expect(await cli.jsonError('ssh', 'web')).toMatchObject({ status: 4, code: 'WRONG_STATE' });
  await cli.mvirt('start', 'web');
  expect((await cli.mvirt('ssh', 'web')).stderr).toBe(
    'mvirt: VM web has no address yet\nhint: mvirt wait web ssh waits until it does; mvirt console web shows what its guest is at\n',
  );
  expect((await cli.mvirt('ssh', 'db')).status).toBe(3);
});

test('without an SSH client: which package has it', async () => {
  using dir = tempDir('ssh');
  for (const [argv, program] of [
    [['ssh', 'web'], 'ssh'],
    [['cp', 'a', 'web:'], 'scp'],
  ] as const) {
    const { status, stderr } = await runCaptured([...argv], dir.path, { PATH: dir.path });
    expect([status, stderr]).toEqual([1, `mvirt: the program ${program} is missing\nhint: install it: apt-get install openssh-client\n`]);
  }
});
