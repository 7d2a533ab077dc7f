import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { type LinuxGuest, tinyGuestPath } from '@mvirt/guests';
import { linuxGuest } from '@mvirt/testkit/linux-guest';
import { mvirtArgv, run } from './agent.ts';
import type { Libvirt } from './libvirt.ts';

/** What every part of the benchmark works with. */
export type Setting = {
  /** An empty folder of its own. */
  readonly dir: string;
  readonly rounds: number;
  /** The bare-metal guest. */
  readonly tiny: string;
  /** null: it cannot be built here. */
  readonly linux: LinuxGuest | null;
  readonly libvirt: Libvirt | null;
  readonly hasCloudHypervisor: boolean;
  /** Tells why something is not measured. */
  missing(what: string): void;
};

export async function makeSetting(parts: Pick<Setting, 'dir' | 'rounds' | 'libvirt' | 'missing'>): Promise<Setting> {
  const { guest, missing } = await linuxGuest();
  if (missing !== null) parts.missing(missing);
  if (parts.libvirt === null) parts.missing('libvirt: virsh, libvirtd or virtlogd is not installed (Debian packages libvirt-clients, libvirt-daemon-system)');
  const hasCloudHypervisor = Bun.which('cloud-hypervisor') !== null;
  if (!hasCloudHypervisor) parts.missing('cloud-hypervisor: none in PATH');
  return { ...parts, tiny: tinyGuestPath(parts.dir), linux: guest, hasCloudHypervisor };
}

/** The machine and the versions of what was measured. */
export function describe({ rounds, libvirt, hasCloudHypervisor }: Setting): string[] {
  const os = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  const version = (argv: string[]) => run(argv).split('\n')[0]?.trim() ?? '';
  return [
    `Machine: ${cpus().length} × ${cpus()[0]?.model.trim()} (${arch()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${os}, kernel ${release()}`,
    `mvirt: ${version([...mvirtArgv, 'version'])}, ${mvirtArgv.length === 1 ? 'the compiled executable' : 'run from its sources by Bun, which costs each command some 100 ms'}`,
    `QEMU: ${version(['qemu-system-x86_64', '--version'])}, guests by TCG`,
    ...(libvirt === null ? [] : [`libvirt: ${libvirt.version}`]),
    ...(hasCloudHypervisor ? [`cloud-hypervisor: ${version(['cloud-hypervisor', '--version'])}`] : []),
    `Rounds: ${rounds}`,
  ];
}
