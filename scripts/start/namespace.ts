// The network namespace that `npm start` lives in, so that the host's own network is never touched.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '@mvirt/domain';
import type { Processes } from '@mvirt/host';
import type { ProcessFile } from './process-file.ts';
import { dataDir, root, until } from './shell.ts';

const asRoot = process.getuid?.() === 0;

/** argv that runs what follows in the namespaces of this process (an ordinary user's: in its user namespace too). */
export const enter = (holder: ProcessIdentity): string[] => [
  'nsenter',
  '-t',
  `${holder.pid}`,
  ...(asRoot ? ['-n'] : ['-U', '--preserve-credentials', '-n']),
  '--',
];

/**
 * A small process that keeps the namespaces while no agent runs: the one that lives, else one beside VMMs that live
 * (only there can their serial lines be regained), else a new one.
 */
export async function holdNamespace(file: ProcessFile, processes: Processes): Promise<ProcessIdentity> {
  const living = file.read();
  if (living !== null) return living;
  const vmm = livingVmm(processes);
  const keep = ['sleep', 'infinity'];
  const make = ['unshare', ...(asRoot ? ['-n'] : ['-U', '-r', '-n']), '--', 'sh', '-c', 'ip link set lo up && exec sleep infinity'];
  const child = Bun.spawn(vmm === null ? make : [...enter(vmm), ...keep], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], detached: true });
  child.unref();
  const ready = () => {
    if (child.exitCode !== null) throw new Error('a network namespace cannot be made here: unshare failed');
    return commandOf(child.pid) === 'sleep' ? child.pid : null;
  };
  const pid = await until('the namespace is made', 5_000, ready);
  const identity = processes.identify(pid);
  if (identity === null) throw new Error('the process that keeps the namespace ended at once');
  file.write(identity);
  return identity;
}

function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return null; // gone
  }
}

/** A VMM of this checkout's data directory that an earlier agent left running. */
function livingVmm(processes: Processes): ProcessIdentity | null {
  const vms = join(root, dataDir, 'vm');
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (!readlinkSync(`/proc/${entry}/cwd`).startsWith(`${vms}/`)) continue;
    } catch {
      continue; // gone, or not ours to look at
    }
    const identity = processes.identify(Number(entry));
    if (identity !== null) return identity;
  }
  return null;
}
