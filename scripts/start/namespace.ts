// The network namespace that `npm start` lives in, so that the host's own network is never touched.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '@mvirt/domain';
import type { Processes } from '@mvirt/host';
import { dataDir, root } from './places.ts';
import type { ProcessFile } from './process-file.ts';
import { until } from './until.ts';

const asRoot = process.getuid?.() === 0;
const readyMs = 5_000;

/** argv that runs what follows in the namespaces of this process (an ordinary user's: in its user namespace too). */
export const enter = ({ pid }: ProcessIdentity): string[] => ['nsenter', '-t', `${pid}`, ...(asRoot ? ['-n'] : ['-U', '--preserve-credentials', '-n']), '--'];

/**
 * A small process that keeps the namespaces while no agent runs: the one that lives, else one beside VMMs that live
 * (only there can their serial lines be regained), else a new one.
 */
export async function holdNamespace(file: ProcessFile, processes: Processes, signal: AbortSignal): Promise<ProcessIdentity> {
  const holder = file.read() ?? spawnHolder(file, processes);
  // unshare, nsenter and sh become `sleep` once everything is in place.
  const ready = () => {
    if (!processes.isAlive(holder))
      throw new Error(`a network namespace cannot be made here: ${asRoot ? 'unshare or nsenter' : 'user namespaces are not allowed, or unshare'} failed`);
    return readName(holder.pid) === 'sleep' ? holder : null;
  };
  return until('the network namespace is there', ready, { timeoutMs: readyMs, signal });
}

function spawnHolder(file: ProcessFile, processes: Processes): ProcessIdentity {
  const vmm = livingVmm(processes);
  const make = ['unshare', ...(asRoot ? ['-n'] : ['-U', '-r', '-n']), '--', 'sh', '-c', 'ip link set lo up && exec sleep infinity'];
  const argv = vmm === null ? make : [...enter(vmm), 'sleep', 'infinity'];
  const child = Bun.spawn(argv, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], detached: true });
  child.unref();
  const identity = processes.identify(child.pid);
  if (identity === null) throw new Error(`the process that keeps the namespace ended at once: ${argv.join(' ')}`);
  // Named before it is ready: a start that is killed now leaves nobody that the next one does not know.
  file.write(identity);
  return identity;
}

/** The loopback address of a process's namespace: a host may have no IPv6. */
export function loopbackOf({ pid }: ProcessIdentity): string {
  const addresses = readFileIfThere(`/proc/${pid}/net/if_inet6`) ?? '';
  return /^0{31}1 .* lo$/m.test(addresses) ? '[::1]' : '127.0.0.1';
}

/** A VMM of this checkout's data directory that an earlier agent left running. */
export function livingVmm(processes: Processes): ProcessIdentity | null {
  const vms = `${join(dataDir, 'vm')}/`;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || !worksIn(entry, vms)) continue;
    const identity = processes.identify(Number(entry));
    if (identity !== null) return identity;
  }
  return null;
}

function worksIn(pid: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    return false; // gone, or not ours to look at
  }
}

const readName = (pid: number): string | null => readFileIfThere(`/proc/${pid}/comm`)?.trim() ?? null;

function readFileIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // its process is gone, or the kernel has no such file
  }
}
