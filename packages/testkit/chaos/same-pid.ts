import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { waitFor } from '../wait-for.ts';

/** The next process of this pid namespace gets the pid after the one in here (Linux, with CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE). */
const lastPid = '/proc/sys/kernel/ns_last_pid';

/** Starts a sleeper and says its pid, right after the kernel was told which one it gave last. */
const script = `cd "$1" || exit 1
echo "$2" >${lastPid} || exit 1
sleep 600 >/dev/null 2>&1 & echo $!`;

/** Why no pid can be chosen here, for a skip; null: one can. */
export function lackingChosenPids(): string | null {
  try {
    closeSync(openSync(lastPid, 'r+'));
    return null;
  } catch (error) {
    return `pids cannot be chosen here: ${String(error)}`;
  }
}

/** A process in `cwd` that has a pid which another one had: it sleeps until it is killed. Others may take the pid first, so it is tried again. @throws Error where it cannot be had */
export async function sleeperWithPid(pid: number, cwd: string): Promise<void> {
  await waitFor(
    `a process with the pid ${pid}`,
    () => {
      const { stdout, status, stderr } = spawnSync('sh', ['-c', script, 'sh', cwd, `${pid - 1}`], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`pids cannot be chosen here: ${stderr}`);
      const given = Number(stdout);
      if (given !== pid) process.kill(given, 'SIGKILL');
      return given === pid;
    },
    { timeoutMs: 30_000 },
  );
}
