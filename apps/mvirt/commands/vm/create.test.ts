import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { openCli } from '../../cli/testing/open-cli.ts';

test('what cannot be a VM is refused, saying which field and a way out', async () => {
  await using cli = await openCli();
  const kernel = ['--kernel', cli.bench.file('kernel')];
  const cases: [string[], status: number, says: RegExp][] = [
    [[], 2, /nothing to boot/],
    [[...kernel, '--name', 'Web_1'], 2, /^name: must be 1 to 63/],
    [[...kernel, '--name', '-rf'], 2, /name/],
    [[...kernel, '--vcpus', '0'], 2, /vcpus/],
    [[...kernel, '--vcpus', '2', '--max-vcpus', '1'], 2, /^vcpus: 2 is more than max-vcpus, 1/],
    [[...kernel, '--max-vcpus', 'all'], 2, /^--max-vcpus: "all" is not a whole number/],
    [[...kernel, '--max-memory', '256'], 2, /^memory: 512 MiB is more than max-memory, 256 MiB/],
    [[...kernel, '--vcpus', '1e3'], 2, /^--vcpus: "1e3" is not a whole number/],
    [[...kernel, '--vcpus', '100000'], 2, /^vcpus: 100000 is more than/],
    [[...kernel, '--memory', '1'], 2, /at least 64 MiB/],
    [[...kernel, '--memory', 'lots'], 2, /is not a size such as/],
    [[...kernel, '--memory', '999999G'], 2, /^memory: .* more than this host has/],
    [[...kernel, '--disk', '/a,rw'], 2, /"rw" is not ro/],
    [[...kernel, '--disk', '/a', '--disk', '//a'], 2, /same path twice/],
    [[...kernel, '--disk', '/proc/self/mem'], 2, /must not be in \/proc/],
    [[...kernel, '--network', 'lan'], 3, /^network: lan does not exist/],
    [[...kernel, '--network', 'Default'], 2, /must be of a-z 0-9 -/],
    [[...kernel, '--network', 'bridge:'], 2, /must be the name of an interface/],
    [[...kernel, '--network', 'default,ip=10.0.0.300'], 2, /must be an IP address/],
    [[...kernel, '--network', 'default,ip=192.0.2.7'], 2, /^ip: 192.0.2.7 is not in 10\./],
    [[...kernel, '--network', 'bridge:br0,ip=10.0.0.3'], 2, /need a network of mvirt/],
    [[...kernel, '--network', 'tap=mine,ip=10.0.0.3'], 2, /need a network of mvirt/],
    [[...kernel, '--network', 'default,mac=1'], 2, /six bytes in hex/],
    [[...kernel, '--network', 'tap=../../x'], 2, /name of a TAP/],
    [[...kernel, '--label', 'role'], 2, /not of the form key=value/],
    [[...kernel, '--label', 'a b=c'], 2, /label keys are/],
    [[...kernel, '--hypervisor', 'xen'], 2, /Allowed choices are auto, cloud-hypervisor, qemu/],
    [[...kernel, '--user-data', 'nosuch.yaml'], 3, /^--user-data: nosuch.yaml cannot be read/],
    [[...kernel, '--ssh-key', 'nosuch.pub'], 3, /^--ssh-key: nosuch.pub cannot be read/],
    [['--initramfs', '/i', '--disk', '/d'], 2, /^initramfs: needs a kernel/],
    [[...kernel, '--firmware', '/f'], 2, /cannot be given with a kernel/],
    [[...kernel, '--wait', 'running'], 2, /--wait: needs --start/],
    [[...kernel, '--start=yes'], 2, /--start/],
    [[...kernel, '--restart', 'sometimes'], 2, /Allowed choices are never, on-failure, always/],
    [[...kernel, '--autostart-order', '1'], 2, /^--autostart-order: needs --autostart/],
    [[...kernel, '--autostart', '--autostart-order', '10000'], 2, /^autostart.order: must be at most 9999/],
    [[...kernel, '--autostart', '--autostart-delay', '2h'], 2, /^autostart.delayMs: must be at most an hour/],
  ];
  for (const [argv, status, says] of cases) {
    const error = await cli.jsonError('create', ...argv);
    expect(error.message).toMatch(says);
    expect([argv, error.status]).toEqual([argv, status]);
    expect(error.hint.length).toBeGreaterThan(10);
  }
  expect((await cli.mvirt('list', '-q')).stdout).toBe('');
});

test("paths are the caller's, files are read here, values arrive whole", async () => {
  await using cli = await openCli();
  cli.bench.file('k');
  cli.bench.file('a,b.qcow2');
  writeFileSync(cli.bench.dir.join('user.yaml'), '#cloud-config\npackages: [vim]\n');
  writeFileSync(cli.bench.dir.join('key.pub'), '# mine\nssh-ed25519 AAAA me@host\n\n');
  const argv = ['--kernel', 'k', '--disk', 'a,,b.qcow2,ro', '--cmdline', 'a=b "c"', '--memory', '1G', '--user-data', 'user.yaml', '--ssh-key', 'key.pub'];
  const { vm } = (await cli.json('create', '--name', 'web', ...argv, '--network', 'default,mac=52:54:00:00:00:01')) as { vm: { id: string } };
  expect(vm).toMatchObject({
    kernel: cli.bench.dir.join('k'),
    cmdline: 'a=b "c"',
    memoryBytes: 2 ** 30,
    disks: [{ path: cli.bench.dir.join('a,b.qcow2'), readonly: true, format: 'qcow2' }],
    nics: [{ mac: '52:54:00:00:00:01' }],
  });
  const stored = cli.bench.vms().list()[0]?.spec;
  expect([stored?.userData, stored?.sshKeys]).toEqual(['#cloud-config\npackages: [vim]\n', ['ssh-ed25519 AAAA me@host']]);
});
