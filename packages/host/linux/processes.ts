import { closeSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { MvirtError } from '@mvirt/domain';
import type { Processes, ProcessIdentity } from '../process.ts';
import { createEndWatch } from './end-watch.ts';
import { errnoOf, type Libc } from './libc.ts';
import { fileKey, listDescriptors, listPids, readProcStat } from './proc.ts';

export function createProcesses(libc: Libc): Processes {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const endWatch = createEndWatch(libc);

  const identify = (pid: number): ProcessIdentity | null => {
    const stat = readProcStat(pid);
    return stat === null ? null : { pid, startTicks: stat.startTicks, bootId };
  };
  const isAlive = (identity: ProcessIdentity): boolean => identity.bootId === bootId && identify(identity.pid)?.startTicks === identity.startTicks;

  /** The order matters: once the pidfd is open, the pid cannot come to mean another process. */
  const openProven = (identity: ProcessIdentity): number | null => {
    const pidfd = libc.pidfdOpen(identity.pid);
    if (pidfd < 0) return openFailed(libc.errno(), identity.pid);
    if (isAlive(identity)) return pidfd;
    closeSync(pidfd);
    return null;
  };

  return {
    bootId,
    identify,
    isAlive,
    signal(identity, signal) {
      const pidfd = openProven(identity);
      if (pidfd === null) return 'gone';
      try {
        if (libc.pidfdSendSignal(pidfd, constants.signals[signal]) === 0) return 'sent';
        const errno = libc.errno();
        if (errno === errnoOf.ESRCH) return 'gone';
        throw new MvirtError({
          code: 'DENIED',
          message: `${signal} to process ${identity.pid} was refused (errno ${errno})`,
          hint: 'the agent needs the rights of the user who started it',
        });
      } finally {
        closeSync(pidfd);
      }
    },
    onEnd(identity, callback) {
      const pidfd = openProven(identity);
      if (pidfd !== null) return endWatch.add(pidfd, callback);
      const soon = setImmediate(callback);
      return { [Symbol.dispose]: () => clearImmediate(soon) };
    },
    findByCwd(directory) {
      const wanted = fileKey(directory);
      if (wanted === null) return [];
      return listPids()
        .filter((pid) => fileKey(`/proc/${pid}/cwd`) === wanted)
        .map(identify)
        .filter((identity) => identity !== null);
    },
    holdersOf(path) {
      const wanted = fileKey(path);
      if (wanted === null) return [];
      const holds = (pid: number) => listDescriptors(pid).some((fd) => isFile(pid, fd) && fileKey(`/proc/${pid}/fd/${fd}`) === wanted);
      return listPids()
        .filter((pid) => pid !== process.pid && holds(pid))
        .map((pid) => ({ pid, command: readProcStat(pid)?.command ?? '' }));
    },
  };
}

/** Most descriptors are none: sockets, pipes and events, whose links say so (proc_pid_fd(5)), faster than a look at what they lead to. */
function isFile(pid: number, fd: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('/');
  } catch {
    return false; // closed, or another user's
  }
}

function openFailed(errno: number, pid: number): null {
  if (errno === errnoOf.ESRCH || errno === errnoOf.EINVAL) return null; // no such process, or the pid is a mere thread now
  throw new MvirtError({
    code: 'INTERNAL',
    message: `process ${pid} cannot be watched: pidfd_open gave errno ${errno}`,
    hint: 'mvirt needs Linux 5.3 or later and free file descriptors (ulimit -n)',
  });
}
