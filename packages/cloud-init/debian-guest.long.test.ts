import { expect, test } from 'bun:test';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { debianGuest, lackingForDebian } from '@mvirt/testkit/debian-guest';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { type SeedInput, seedFiles } from './seed.ts';
import { seedArgv } from './seed-argv.ts';

const noPrograms = ['genisoimage', 'qemu-system-x86_64'].filter((name) => Bun.which(name) === null);
const missing = lackingForDebian() ?? (noPrograms.length > 0 ? `missing ${noPrograms.join(', ')}` : null);
if (missing !== null) console.log(`skip: ${missing}`);

const mac = '52:54:00:ab:cd:ef';
const report =
  '(echo; echo "SEED host $(hostname)"; echo "SEED id $(cat /var/lib/cloud/data/instance-id)"; sed "s/^/SEED key /" /home/debian/.ssh/authorized_keys; ' +
  'echo "SEED address $(ip -4 -br address show scope global)"; echo "SEED mode $(stat -c %a /etc/seed-mode)"; echo "SEED end") >/dev/ttyS0 2>&1';
const input: SeedInput = {
  vmId: '0f3b7a52-1111-4222-8333-444455556666',
  name: 'web1',
  sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0tV0d1TnJ1bmFsb25la2V5Zm9ydGVzdHNvZm12aXJ0 from-mvirt'],
  macs: [mac],
  userData: `#cloud-config
locale: C.UTF-8
ssh_genkeytypes: [ed25519]
ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0tV0d1TnJ1bmFsb25la2V5Zm9ydGVzdHNvZm12aXJ1 from-user"]
write_files: [{path: /etc/seed-mode, permissions: '0640', content: x}]
runcmd:
  - [sh, -c, ${JSON.stringify(report)}]
power_state: {mode: poweroff}
`,
};

test.skipIf(missing !== null)(
  'a Debian guest takes its name, keys, files and address from the seed',
  async () => {
    using dir = tempDir('debian');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const guest = await debianGuest();
    execFileSync('cp', ['--sparse=always', guest.disk, dir.join('disk.raw')]);
    mkdirSync(dir.join('seed'));
    for (const { name, content } of seedFiles(input)) writeFileSync(dir.join('seed', name), content);
    for (const [program = '', ...args] of seedArgv({ program: 'genisoimage', directory: dir.join('seed'), output: dir.join('cloudinit.img') }))
      execFileSync(program, args, { cwd: dir.path, stdio: ['ignore', 'ignore', 'inherit'] });

    const vm = spawn(
      'qemu-system-x86_64',
      [
        ...['-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', '1024', '-display', 'none', '-nodefaults', '-no-reboot', '-serial', 'stdio'],
        ...['-kernel', guest.kernel, '-initrd', guest.initramfs, '-append', guest.cmdline],
        ...['-blockdev', `raw,node-name=d,file.driver=file,file.filename=${dir.join('disk.raw')}`, '-device', 'virtio-blk-pci,drive=d'],
        ...['-blockdev', `raw,node-name=s,read-only=on,file.driver=file,file.filename=${dir.join('cloudinit.img')}`, '-device', 'virtio-blk-pci,drive=s'],
        ...['-netdev', 'user,id=n,restrict=on', '-device', `virtio-net-pci,romfile=,netdev=n,mac=${mac}`],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    vm.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = (): boolean => vm.exitCode !== null || vm.signalCode !== null;
    try {
      await waitFor('the guest to report and power off', ended, { timeoutMs: 600_000 });
    } finally {
      vm.kill('SIGKILL');
      await waitFor('QEMU to end', ended);
    }
    const said = [...output.matchAll(/^SEED (.*?)\r?$/gm)].map(([, text]) => text);
    expect(said.slice(0, 2)).toEqual(['host web1', `id ${input.vmId}`]);
    // cloud-init gathers keys in a set, whose order changes from run to run.
    const keys = said.filter((text) => text?.startsWith('key ')).map((text) => text?.split(' ').at(-1));
    expect(keys.toSorted()).toEqual(['from-mvirt', 'from-user']);
    expect(said.find((text) => text?.startsWith('address '))).toMatch(/UP\s+10\.0\.2\.15\/24/);
    expect(said.slice(-2)).toEqual(['mode 640', 'end']);
  },
  900_000,
);
