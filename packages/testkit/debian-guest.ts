import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A whole Debian with systemd, cloud-init and an SSH server. disk: an ext4 filesystem without partitions, raw. Absolute paths, to be read only. */
export type DebianGuest = { disk: string; kernel: string; initramfs: string; cmdline: string };

const programs = { mmdebstrap: 'mmdebstrap', mke2fs: 'e2fsprogs', tar: 'tar' };
const packages = [
  ...['systemd', 'systemd-sysv', 'systemd-resolved', 'dbus', 'cloud-init', 'linux-image-cloud-amd64', 'initramfs-tools', 'iproute2', 'udev', 'netbase'],
  ...['openssh-server', 'sudo', 'e2fsprogs', 'libpam-systemd', 'iputils-ping'],
];
/** Debian leaves systemd-networkd off; cloud-init only writes its files. */
const hook = 'chroot "$1" systemctl enable systemd-networkd';
const release = 'bookworm';
const searched = `${process.env.PATH}:/usr/sbin:/sbin`;
const exec = promisify(execFile);

/** What is missing here to build one, for a skip; null: nothing. */
export function lackingForDebian(): string | null {
  const lacking = Object.entries(programs).flatMap(([name, debian]) =>
    Bun.which(name, { PATH: searched }) === null ? [`${name} (Debian package ${debian})`] : [],
  );
  if (process.getuid?.() !== 0) lacking.push('root, for mmdebstrap');
  return lacking.length === 0 ? null : `no Debian guest can be built: missing ${lacking.join(', ')}`;
}

/** From the cache where it was built before, else made of Debian's packages in a minute or two. */
export async function debianGuest(): Promise<DebianGuest> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mvirt');
  const recipe = createHash('sha256')
    .update(JSON.stringify([packages, hook, release, 1]))
    .digest('hex');
  const done = join(cache, `test-debian-${recipe.slice(0, 12)}`);
  if (!existsSync(done)) await build(done, join(cache, `.part-${randomUUID()}`));
  const cmdline = 'root=/dev/vda rw console=ttyS0 quiet cryptomgr.notests';
  return { disk: join(done, 'disk.raw'), kernel: join(done, 'vmlinuz'), initramfs: join(done, 'initrd.img'), cmdline };
}

async function build(done: string, part: string): Promise<void> {
  const [tree, ready] = [join(part, 'tree'), join(part, 'ready')];
  for (const folder of [tree, ready]) mkdirSync(folder, { recursive: true });
  const run = async (program: string, ...args: string[]) => void (await exec(program, args, { cwd: part, env: { ...process.env, PATH: searched } }));
  try {
    const tar = join(part, 'tree.tar');
    await run('mmdebstrap', '--quiet', '--variant=minbase', `--include=${packages.join()}`, `--customize-hook=${hook}`, release, tar);
    await run('tar', '-C', tree, '--exclude=./dev/*', '-xf', tar);
    await run('mke2fs', '-q', '-t', 'ext4', '-d', tree, join(ready, 'disk.raw'), '2G');
    for (const name of ['vmlinuz', 'initrd.img']) {
      const file = readdirSync(join(tree, 'boot')).find((entry) => entry.startsWith(`${name}-`)) ?? '';
      copyFileSync(join(tree, 'boot', file), join(ready, name));
    }
    // Of two builds at once the first wins.
    if (!existsSync(done)) renameSync(ready, done);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
