import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { waitFor } from '@mvirt/testkit/wait-for';

const programs = { mmdebstrap: 'mmdebstrap', mke2fs: 'e2fsprogs', 'qemu-system-x86_64': 'qemu-system-x86', tar: 'tar' };
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const release = 'bookworm';

/** Why no Debian machine can be made here, for a skip; null: it can. */
export function lackingDebianMachine(): string | null {
  const lacking = Object.entries(programs).flatMap(([name, debian]) => (Bun.which(name, env) === null ? [`${name} (Debian package ${debian})`] : []));
  if (process.getuid?.() !== 0) lacking.push('root, for mmdebstrap');
  return lacking.length === 0 ? null : `missing ${lacking.join(', ')}`;
}

export type MachineFile = { path: string; mode: number; content: string | { copyOf: string } | { linkTo: string } };

/** A whole Debian with real systemd on a disk of its own, without a network; the same disk may be booted again and again. */
export type DebianMachine = {
  /** Everything that its serial line said, from power on until it went off or asked for a reboot. */
  run(options: { timeoutMs: number }): Promise<string>;
};

/** `dir` is the test's own and gets the disk and the kernel; the packages' tree is kept in the cache. */
export function makeDebianMachine({ dir, packages, files }: { dir: string; packages: readonly string[]; files: readonly MachineFile[] }): DebianMachine {
  const tree = join(dir, 'tree');
  mkdirSync(tree, { recursive: true });
  execFileSync('tar', ['-C', tree, '--exclude=./dev/*', '-xf', debianTar(packages)], { env });
  for (const { path, mode, content } of files) {
    const target = join(tree, path);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof content === 'object' && 'linkTo' in content) {
      symlinkSync(content.linkTo, target);
      continue;
    }
    if (typeof content === 'string') writeFileSync(target, content);
    else copyFileSync(content.copyOf, target);
    chmodSync(target, mode);
  }
  const disk = join(dir, 'disk.raw');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, disk, '4G'], { env });
  const boot = readdirSync(join(tree, 'boot'));
  const kept = (start: string): string => {
    const name = boot.find((one) => one.startsWith(start)) ?? '';
    copyFileSync(join(tree, 'boot', name), join(dir, name));
    return join(dir, name);
  };
  const [kernel, initrd] = [kept('vmlinuz-'), kept('initrd.img-')];
  rmSync(tree, { recursive: true });
  return { run: (options) => runMachine({ disk, kernel, initrd, said: join(dir, 'serial.log'), ...options }) };
}

function debianTar(packages: readonly string[]): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mvirt');
  const key = createHash('sha256')
    .update([release, ...packages].join())
    .digest('hex')
    .slice(0, 12);
  const tar = join(cache, `test-debian-${key}.tar`);
  if (existsSync(tar)) return tar;
  mkdirSync(cache, { recursive: true });
  const part = join(cache, `.part-${randomUUID()}.tar`);
  try {
    execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', `--include=${packages.join()}`, release, part], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    renameSync(part, tar);
  } finally {
    rmSync(part, { force: true });
  }
  return tar;
}

type RunOptions = { disk: string; kernel: string; initrd: string /** Where its serial line goes. */; said: string; timeoutMs: number };

async function runMachine({ disk, kernel, initrd, said, timeoutMs }: RunOptions): Promise<string> {
  const argv = [
    ...['-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', '2048', '-display', 'none', '-nodefaults', '-no-reboot', '-serial', `file:${said}`],
    ...['-kernel', kernel, '-initrd', initrd, '-append', 'root=/dev/vda rw console=ttyS0 quiet cryptomgr.notests'],
    ...['-blockdev', `raw,node-name=d,cache.no-flush=on,file.driver=file,file.cache.no-flush=on,file.filename=${disk}`, '-device', 'virtio-blk-pci,drive=d'],
  ];
  const machine = spawn('qemu-system-x86_64', argv, { stdio: ['ignore', 'inherit', 'inherit'] });
  // Of a line that was written over again and again, dpkg's progress, the last is left.
  const output = (): string => readFileSync(said, 'utf8').replaceAll(/\r+\n/g, '\n').replaceAll(/^.*\r/gm, '');
  const ended = (): boolean => machine.exitCode !== null || machine.signalCode !== null;
  try {
    await waitFor('the machine to go off', ended, { timeoutMs });
  } catch (error) {
    throw new Error(`the machine did not go off; it said:\n${output()}`, { cause: error });
  } finally {
    machine.kill('SIGKILL');
    await waitFor('QEMU to end', ended);
  }
  return output();
}
