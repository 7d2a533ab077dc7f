import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What the kernel shows of one VMM: the disks that it holds open, and how many TAPs. */
export type SeenVmm = { pid: number; vmId: string; disks: string[]; taps: number };

/** Of a data directory: VMMs, processes that are none and belong to none, TAPs of the namespace, run directories with the files in each. */
export type KernelView = { vmms: SeenVmm[]; strays: string[]; taps: string[]; folders: string[]; files: string[][] };

/** agentPid: the one process that may work there beside VMMs and their shims; null: no agent lives. */
export function kernelView({ dataDir, enter, agentPid }: { dataDir: string; enter: string[]; agentPid: number | null }): KernelView {
  const vmFolder = join(dataDir, 'vm');
  const processes = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (look(Number(name)) ?? []) : []));
  const vmms = processes.filter(({ cwd, argv }) => dirname(cwd) === vmFolder && /qemu|cloud-hypervisor/.test(basename(argv[0] ?? '')));
  const shims = processes.filter(({ argv }) => argv[3] === 'mvirt-shim' && vmms.some(({ cwd }) => argv[4] === cwd));
  const known = new Set([...vmms, ...shims].map(({ pid }) => pid));
  const isOurs = ({ cwd, argv }: Seen) => cwd.startsWith(dataDir) || argv.some((word) => word.includes(dataDir));
  const strays = processes.filter((seen) => seen.pid !== agentPid && seen.pid !== process.pid && !known.has(seen.pid) && isOurs(seen));
  const folders = existsSync(vmFolder) ? readdirSync(vmFolder) : [];
  return {
    vmms: vmms.map(({ pid, cwd }) => ({ pid, vmId: basename(cwd), ...held(pid) })),
    strays: strays.map(({ pid, argv }) => `${pid}: ${argv.join(' ').slice(0, 200)}`),
    taps: tapsIn(enter),
    folders,
    files: folders.map((folder) => readdirSync(join(vmFolder, folder))),
  };
}

type Seen = { pid: number; cwd: string; argv: string[] };

function look(pid: number): Seen | null {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return { pid, argv, cwd: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    return null; // it has ended, or is the kernel's own
  }
}

function held(pid: number): { disks: string[]; taps: number } {
  const folder = `/proc/${pid}/fd`;
  try {
    const targets = readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
    return { disks: [...new Set(targets.filter((path) => path.endsWith('.raw')))], taps: targets.filter((path) => path === '/dev/net/tun').length };
  } catch {
    return { disks: [], taps: 0 }; // it ends just now
  }
}

function tapsIn(enter: string[]): string[] {
  const [program = '', ...args] = [...enter, 'ip', '-json', 'link', 'show', 'type', 'tun'];
  const { stdout, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the TAPs cannot be listed: ${stderr}`);
  return (JSON.parse(stdout || '[]') as { ifname?: string }[]).flatMap(({ ifname }) => ifname ?? []);
}
