import { expect, test } from 'bun:test';
import { openCli } from '../../cli/testing/open-cli.ts';

const done = (stdout: string) => ({ status: 0, stdout, stderr: '' });
const lab = ['lab', '--ipv4', '10.9.0.0/24', '--ipv6', 'fd12:3456:789a::/64'];

test("a network's life for people", async () => {
  await using cli = await openCli();
  expect(await cli.mvirt('network', 'ls')).toEqual(done('NAME  BRIDGE  IPV4  IPV6  NICS  STATE\n'));
  const planned = await cli.mvirt('network', 'create', ...lab, '--dry-run');
  expect(planned).toEqual(done('# making the bridge mv-lab\nip link add mv-lab\n# starting the server of the network lab\ndnsmasq\n'));
  expect(await cli.mvirt('network', 'create', ...lab)).toEqual(done('lab: created, 10.9.0.0/24 and fd12:3456:789a::/64 on the bridge mv-lab\n'));
  await cli.bench.create({ name: 'web', nics: [{ network: 'lab', ips: ['10.9.0.7'], mac: '52:54:00:00:00:01' }] });
  expect((await cli.mvirt('network', 'list')).stdout).toMatch(/^lab +mv-lab +10\.9\.0\.0\/24 +fd12:3456:789a::\/64 +1 +up$/m);
  const { stdout } = await cli.mvirt('network', 'show', 'lab');
  for (const part of [
    'names        VM.lab.internal',
    'host         10.9.0.1, fd12:3456:789a::1',
    'spoof guard  on',
    'nic          web, 52:54:00:00:00:01, kept 10.9.0.7 and fd12:3456:789a::7',
  ])
    expect(stdout).toContain(part);
  expect(await cli.mvirt('network', 'rm', 'lab')).toEqual({
    status: 4,
    stdout: '',
    stderr: 'mvirt: network lab is used by VM web\nhint: detach its NICs first: mvirt detach-nic VM MAC\n',
  });
  expect((await cli.mvirt('detach-nic', 'web', '52:54:00:00:00:01')).status).toBe(0);
  expect((await cli.mvirt('network', 'rm', 'lab', '--dry-run')).stdout).toBe('# removing the bridge mv-lab\nip link del mv-lab\n');
  expect(await cli.mvirt('network', 'rm', 'lab')).toEqual(done('lab: removed\n'));
});

test("a network's life for scripts: every document is what its schema says", async () => {
  await using cli = await openCli();
  expect(await cli.json('network', 'ls')).toEqual({ apiVersion: 'mvirt/v1', networks: [] });
  const made = await cli.json('network', 'create', ...lab, '--spoof-guard', 'off');
  expect(made).toMatchObject({ network: { name: 'lab', bridge: 'mv-lab', spoofGuard: false, fault: null, nics: [] }, dryRun: false });
  expect((await cli.json('network', 'show', 'lab')).network).toEqual(made.network);
  expect(await cli.json('network', 'create', 'v4', '--ipv6', 'none', '--dry-run')).toMatchObject({ network: { ipv6: null }, dryRun: true });
  expect(((await cli.json('network', 'ls')) as { networks: unknown[] }).networks).toHaveLength(1);
  expect(await cli.json('network', 'rm', 'lab')).toMatchObject({ network: { name: 'lab' }, steps: [{ argv: ['ip', 'link', 'del', 'mv-lab'] }] });
});

test('a VM on networks: create, attach, addresses in lists, and waiting for one', async () => {
  await using cli = await openCli();
  const kernel = cli.bench.file('kernel');
  await cli.mvirt('network', 'create', ...lab);
  const mac = '52:54:00:00:00:01';
  const starting = cli.json(
    'create',
    '--name',
    'web',
    '--kernel',
    kernel,
    '--network',
    `lab,ip=10.9.0.7,mac=${mac}`,
    '--network',
    'default',
    '--start',
    '--wait',
    'ip',
  );
  const id = await (async () => {
    for (;;) {
      const [vm] = cli.bench.vms().list();
      if (vm?.condition.observed === 'running') return vm.id;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  cli.bench.managed.lease('lab', { address: '10.9.0.7', mac, expiresAtMs: 1 });
  expect(await starting).toMatchObject({
    vm: {
      id,
      nics: [
        { network: 'lab', addresses: ['10.9.0.7'] },
        { network: 'default', addresses: [] },
      ],
    },
  });
  expect(await cli.mvirt('wait', 'web', 'ip')).toEqual(done('web: 10.9.0.7\n'));
  expect((await cli.mvirt('list')).stdout).toMatch(/^web .* 10\.9\.0\.7$/m);
  expect((await cli.mvirt('get', 'web')).stdout).toMatch(new RegExp(`nic +${mac}, tap mvirt-[0-9a-f]+, on lab, 10\\.9\\.0\\.7\n`));
  expect((await cli.mvirt('events')).stdout).toContain(`nic-addresses  NIC ${mac} has 10.9.0.7\n`);
  expect(await cli.mvirt('attach-nic', 'web', '--network', 'lab,ip=10.9.0.8')).toEqual(done('web: NIC attached\n'));
  expect(((await cli.json('get', 'web')) as { vm: { nics: { kept: string[] }[] } }).vm.nics[2]?.kept).toEqual(['10.9.0.8', 'fd12:3456:789a::8']);
});

test('what is wrong ends with its status, and says a way out', async () => {
  await using cli = await openCli();
  await cli.mvirt('network', 'create', ...lab);
  const cases: [number, string, string[]][] = [
    [2, 'INVALID_ARGUMENT', ['network']],
    [2, 'INVALID_ARGUMENT', ['network', 'nonsense']],
    [2, 'INVALID_ARGUMENT', ['network', 'create']],
    [2, 'INVALID_ARGUMENT', ['network', 'create', 'thirteenchars']],
    [2, 'INVALID_ARGUMENT', ['network', 'create', 'a', '--ipv4', '10.9.0.1/24']],
    [2, 'INVALID_ARGUMENT', ['network', 'create', 'a', '--ipv6', 'fd00::/48']],
    [2, 'INVALID_ARGUMENT', ['network', 'create', 'a', '--spoof-guard', 'maybe']],
    [4, 'ADDRESS_TAKEN', ['network', 'create', 'a', '--ipv4', '10.9.0.0/16']],
    [4, 'NAME_TAKEN', ['network', 'create', 'lab']],
    [3, 'NETWORK_NOT_FOUND', ['network', 'show', 'nosuch']],
    [3, 'NETWORK_NOT_FOUND', ['network', 'rm', 'nosuch']],
    [2, 'INVALID_ARGUMENT', ['create', '--disk', '/d', '--timeout', '5']],
  ];
  for (const [status, code, argv] of cases) {
    const error = await cli.jsonError(...argv);
    expect([argv, error.status, error.code]).toEqual([argv, status, code]);
    expect(error.hint.length).toBeGreaterThan(10);
  }
});
