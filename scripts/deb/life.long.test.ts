import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyGuestPath } from '@mvirt/guests';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { buildExecutable } from '../build/executable.ts';
import { originOf } from '../build/origin.ts';
import { buildDeb } from './build-deb.ts';
import { lackingDebianMachine, type MachineFile, makeDebianMachine } from './testing/debian-machine.ts';

const missing = lackingDebianMachine();
if (missing !== null) console.log(`skip: no Debian machine: ${missing}`);

/** What a host with mvirt has, and what the scripts of the boots look with. */
const packages =
  'systemd,systemd-sysv,dbus,linux-image-cloud-amd64,initramfs-tools,iproute2,udev,netbase,kmod,procps,libpam-systemd,qemu-system-x86,qemu-utils,dnsmasq-base,nftables,genisoimage,openssh-client'.split(
    ',',
  );
const own = (name: string) => ({ copyOf: join(import.meta.dir, 'testing', name) });

test.skipIf(missing !== null)(
  'the package in a whole Debian: installed, restarted and upgraded under running VMs, rebooted, removed, purged',
  async () => {
    using dir = tempDir('deb');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const executable = dir.join('mvirt');
    await buildExecutable(executable, originOf(join(import.meta.dir, '../..'), process.env));
    const deb = (version: string): string => {
      const outfile = dir.join(`${version}.deb`);
      buildDeb({ executable, outfile, version, architecture: 'amd64', seconds: 1_700_000_000 });
      return outfile;
    };
    const files: MachineFile[] = [
      { path: 'srv/old.deb', mode: 0o644, content: { copyOf: deb('0.1.0') } },
      { path: 'srv/new.deb', mode: 0o644, content: { copyOf: deb('0.1.1') } },
      { path: 'srv/tiny.elf', mode: 0o644, content: { copyOf: tinyGuestPath() } },
      ...['lib.sh', 'life.sh', 'first-boot.sh', 'second-boot.sh'].map((name) => ({ path: `root/${name}`, mode: 0o644, content: own(name) })),
      { path: 'etc/systemd/system/life.service', mode: 0o644, content: own('life.service') },
      { path: 'etc/systemd/system/multi-user.target.wants/life.service', mode: 0o644, content: { linkTo: '../life.service' } },
      // Nobody else writes on that line.
      { path: 'etc/systemd/system/serial-getty@ttyS0.service', mode: 0o644, content: { linkTo: '/dev/null' } },
      { path: 'etc/systemd/system.conf.d/quiet.conf', mode: 0o644, content: '[Manager]\nShowStatus=no\n' },
      { path: 'etc/fstab', mode: 0o644, content: '' },
      { path: 'etc/apt/sources.list', mode: 0o644, content: '' },
    ];
    const machine = makeDebianMachine({ dir: dir.path, packages, files });
    const first = await machine.run({ timeoutMs: 900_000 });
    const second = await machine.run({ timeoutMs: 780_000 });
    const transcript = `${first}\n${second}`;
    if (process.env.MVIRT_GENERATE) writeFileSync(join(import.meta.dir, '../../docs/deb-transcript.md'), transcriptDocument(transcript));
    for (const [boot, lines] of Object.entries(expected)) {
      const said = boot === 'first' ? first : second;
      expect([boot, lines.filter((line) => (typeof line === 'string' ? !said.includes(line) : !line.test(said)))]).toEqual([boot, []]);
    }
    // Only the agent that was given a wrong line has failed, and nothing was waited for in vain.
    const failures = transcript.match(/^\((exit status|never true).*$/gm);
    expect(failures).toEqual(['(exit status 2)']);
  },
  1_800_000,
);

/** What must be said in each boot. */
const expected: Record<'first' | 'second', (string | RegExp)[]> = {
  first: [
    '# cat /proc/1/comm\nsystemd\n',
    'cgroup2fs\n',
    '# systemctl is-active mvirt.service mvirt-drain.service\nactive\nactive\n',
    '# systemctl is-enabled mvirt.service mvirt-drain.service\nenabled\nenabled\n',
    'drwxr-x--- root:mvirt /run/mvirt\nsrw-rw---- root:mvirt /run/mvirt/agent.sock\ndrwx------ root:root /var/lib/mvirt\n',
    /^mvirt 0\.1\.0 \(.*\)\nagent 0\.1\.0$/m,
    /^web: created/m,
    /^web +[0-9a-f]{8} +running /m,
    /^0::\/machine\.slice\/mvirt-[\w.-]+\.scope$/m,
    /^mvirt-[\w.-]+\.scope +loaded +active +running mvirt: the VM in \/var\/lib\/mvirt\/vm\//m,
    /^machine\.slice\n.*\bmvirt-drain\.service\b/m,
    'CapEff:\t0000000000000002\nNoNewPrivs:\t1\nSeccomp:\t2\n',
    'VM after the restart: running, the same process\n',
    '# dpkg-query --show mvirt\nmvirt\t0.1.1\n',
    'VM after the upgrade: running, the same process\n',
    '# tail -n 1 /etc/mvirt/agent.toml\nlog-level = "debug"\n',
    'there is no key "log-levl"\nhint: it is written log-level\n(exit status 2)\n',
    /# mvirt get hungry\n(?:.*\n)*?.*the kernel killed the VMM for want of memory/,
    '# systemctl reboot\n',
  ],
  second: [
    /^web: stopped, started again at the host's boot$/m,
    /^plain: stopped, started again at the host's boot$/m,
    /^web +[0-9a-f]{8} +running /m,
    /^plain +[0-9a-f]{8} +running /m,
    /stopping +asked to stop: the host goes down/,
    /# apt-get -q remove -y mvirt\n(?:.*\n)*?processes: none\nlinks: lo \n# nft list ruleset\n# ls \/etc\/mvirt \/var\/lib\/mvirt\n/,
    /# mvirt list\n.*\nhungry .*\nplain +[0-9a-f]{8} +stopped .*\nweb +[0-9a-f]{8} +stopped /,
    'processes: none\nlinks: lo \n# nft list ruleset\ngroup: none\nunits: \ncontrol groups: \nfiles: \n',
  ],
};

/** docs/deb-transcript.md. */
function transcriptDocument(transcript: string): string {
  const lines = transcript.split('\n').filter((line) => line !== '' && !/^(===|\[ *\d|\(?Reading|Building|N: )/.test(line));
  const head = [
    '# The life of the package',
    'What a whole Debian 12 with systemd and control groups of version 2 says while the package is installed, used, restarted and upgraded under running VMs, short of memory, rebooted, removed, installed again and',
    'purged. Made by `MVIRT_GENERATE=1 npm run test:long`, from `scripts/deb/life.long.test.ts`, which checks it. Guests are emulated within an emulated machine, so that times say nothing.',
  ];
  return `${head[0]}\n\n${head.slice(1).join('\n')}\n\n\`\`\`\n${lines.join('\n')}\n\`\`\`\n`;
}
