import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rssMib, run } from './agent.ts';

/** Where the benchmark's mount namespace hides the host's own with empty ones: what libvirt writes goes with the namespace. */
export const libvirtFolders = ['/run/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt', '/etc/libvirt'];
const images = '/var/lib/libvirt/images';

export type Libvirt = AsyncDisposable & {
  readonly version: string;
  virsh(...args: string[]): string;
  /** Many commands in one go, a line each. */
  batch(lines: string[]): void;
  /** libvirtd and virtlogd together, MiB. */
  rssMib(): number;
  /** Kills libvirtd by -9 and answers, once another one lists `running` domains as running, with the time from its spawn, ms. */
  restart(running: number): Promise<number>;
};

export type Domain = { name: string; kernel: string; initramfs: string | null; cmdline: string; memoryMib: number };

/** libvirtd and virtlogd of our own, without systemd; only within the benchmark's namespaces. null: they are not installed. */
export async function startLibvirt(): Promise<Libvirt | null> {
  if (['virsh', 'libvirtd', 'virtlogd'].some((name) => Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin` }) === null)) return null;
  mkdirSync(images, { recursive: true });
  const noKvm = '/run/libvirt/no-kvm';
  writeFileSync(noKvm, '', { mode: 0o600 });
  // Its own mount namespace for each VM cannot be had with that.
  writeFileSync('/etc/libvirt/qemu.conf', 'namespaces = []\n');
  // Where /dev/kvm opens and QEMU cannot use it, libvirt tries all it can do anew at each command, for 20 s. Our guests run by TCG on both sides.
  const hidden = (argv: string) => `mount --bind ${noKvm} /dev/kvm 2>/dev/null; exec ${argv}`;
  const own = (program: string) =>
    spawn('unshare', ['--mount', 'sh', '-c', hidden(`/usr/sbin/${program} --pid-file /run/libvirt/${program}.pid`)], { stdio: 'ignore' });
  const log = own('virtlogd');
  let daemon = own('libvirtd');
  await answered();
  return {
    version: run(['virsh', '--version']).trim(),
    virsh,
    batch: (lines) => run(['virsh', '-q', '-c', 'qemu:///system', lines.join('; ')]),
    rssMib: () => rssMib(daemon.pid ?? 0) + rssMib(log.pid ?? 0),
    async restart(running) {
      await ended(daemon, 'SIGKILL');
      const began = performance.now();
      daemon = own('libvirtd');
      await answered(() => virsh('list', '--state-running', '--name').trim().split('\n').filter(Boolean).length === running);
      return performance.now() - began;
    },
    async [Symbol.asyncDispose]() {
      for (const child of [daemon, log]) await ended(child, 'SIGTERM');
    },
  };
}

const virsh = (...args: string[]): string => run(['virsh', '-q', '-c', 'qemu:///system', ...args]);

async function answered(isRight: () => boolean = () => true): Promise<void> {
  for (const limit = Date.now() + 30_000; ; await Bun.sleep(2)) {
    if (spawnSync('virsh', ['-q', '-c', 'qemu:///system', 'list'], { stdio: 'ignore' }).status === 0 && isRight()) return;
    if (Date.now() > limit) throw new Error('libvirtd does not answer');
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await exited;
  }
}

/** The same guest as mvirt's own VM, as libvirt's XML in a file. */
export function domainFile(dir: string, { name, kernel, initramfs, cmdline, memoryMib }: Domain): string {
  const initrd = initramfs === null ? '' : `<initrd>${readable(initramfs, 'initramfs')}</initrd>`;
  const path = join(dir, `${name}.xml`);
  writeFileSync(
    path,
    `<domain type='qemu'><name>${name}</name><memory unit='MiB'>${memoryMib}</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><kernel>${readable(kernel, 'kernel')}</kernel>${initrd}<cmdline>${cmdline}</cmdline></os>
<features><acpi/></features><cpu mode='maximum'/><on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><serial type='pty'><log file='${images}/${name}.log'/></serial>
<memballoon model='none'/><video><model type='none'/></video></devices></domain>\n`,
  );
  return path;
}

/** A copy that libvirt's own user may read. */
function readable(path: string, kind: string): string {
  const copy = join(images, `${kind}-${Bun.hash(path).toString(16)}`);
  if (!existsSync(copy)) copyFileSync(path, copy);
  return copy;
}
