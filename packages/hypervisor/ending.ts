import { join } from 'node:path';
import { type ExitCause, exitCause, type RunRecord } from '@mvirt/domain';
import { type Host, runFiles, type VmmExit } from '@mvirt/host';
import type { CallOptions } from './driver.ts';
import { tailOf } from './tail.ts';

/** What is known of an end besides what the VMM's events say. */
export type EndingFacts = {
  /** null: the shim wrote nothing. */
  exit: VmmExit | null;
  hypervisorTail: string | null;
  consoleTail: string | null;
  /** The kernel's own words, where it killed the VMM for want of memory. */
  outOfMemory: string | null;
};

export type EndingOptions = CallOptions & {
  /** Name of the run's exit file. */
  exitFile: string;
  /** The VMM's events tell how it ended. */
  told: boolean;
  judge(facts: EndingFacts): ExitCause;
};

/** The shim writes at once after the VMM has ended; a machine under load takes a moment longer. */
const exitMs = 1000;

/** Waits for the exit status of a VMM that has ended, and settles its cause. */
export async function settleEnding(host: Host, run: RunRecord, { exitFile, told, judge, signal }: EndingOptions): Promise<ExitCause> {
  const exit = await host.vmms.waitExit(run.runDir, exitFile, { timeoutMs: exitMs, ...(signal ? { signal } : {}) });
  if (exit === null && !told) {
    const early = withoutTrace(host, run);
    if (early) return early;
  }
  return judge({
    exit,
    hypervisorTail: tailOf(join(run.runDir, runFiles.messages), { lines: 20 }),
    consoleTail: tailOf(join(run.runDir, runFiles.console), { lines: 10 }),
    // A count of none says that there is nothing to be found in the kernel's log, which takes a while to read.
    outOfMemory: exit?.signal === 'SIGKILL' && exit.outOfMemory !== false && run.process ? await outOfMemory(host, run.process.pid, exit, signal) : null,
  });
}

/** Ends that leave neither a status nor an event; null: this was none of them. */
export function withoutTrace(host: Host, run: RunRecord): ExitCause | null {
  if (run.process === null) return exitCause('start-failed', 'the agent ended before the VMM was started', { hint: 'start the VM again: mvirt start VM' });
  if (run.process.bootId === host.processes.bootId) return null;
  return exitCause('host-reboot', 'the host was restarted while the VM ran', { hint: 'start the VM again: mvirt start VM' });
}

/** What the kernel says of it: by its log's line about this pid, such as "Out of memory: Killed process 123 (qemu-system-x86)", else by its count. */
async function outOfMemory(host: Host, pid: number, exit: Extract<VmmExit, { signal: string }>, signal?: AbortSignal): Promise<string | null> {
  const count = exit.outOfMemory ? 'its control group has counted a kill' : null;
  const program = host.programs.find('dmesg');
  if (program === null) return count;
  try {
    const { stdout } = await host.programs.run([program, '--notime', '--level', 'err,warn,info'], { timeoutMs: 500, ...(signal ? { signal } : {}) });
    return stdout.split('\n').findLast((line) => /out of memory/i.test(line) && line.includes(`Killed process ${pid} `)) ?? count;
  } catch {
    // No right to read the kernel's log: the hint of the cause names the command that does.
    return count;
  }
}
