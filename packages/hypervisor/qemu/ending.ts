import { join } from 'node:path';
import { type ExitCause, exitCause, type RunRecord } from '@mvirt/domain';
import { type Host, runFiles, type VmmExit } from '@mvirt/host';
import type { CallOptions } from '../driver.ts';
import type { EventState } from './events.ts';
import { causeOfEnding } from './exit-cause.ts';
import { filesOf } from './run-files.ts';
import { tailOf } from './tail.ts';

/** The shim writes at once after the VMM has ended; a machine under load takes a moment longer. */
const exitMs = 1000;

/** Waits for the exit status of a VMM that has ended, and settles its cause. */
export async function settleEnding(host: Host, run: RunRecord, events: EventState | null, options: CallOptions): Promise<ExitCause> {
  const wait = { timeoutMs: exitMs, ...(options.signal ? { signal: options.signal } : {}) };
  const exit = await host.vmms.waitExit(run.runDir, filesOf(run).exit, wait);
  const early = earlyEnd(host, run, exit, events);
  if (early) return early;
  return causeOfEnding({
    events,
    exit,
    hypervisorTail: tailOf(join(run.runDir, runFiles.messages), { lines: 20 }),
    consoleTail: tailOf(join(run.runDir, runFiles.console), { lines: 10 }),
    outOfMemory: exit?.signal === 'SIGKILL' && run.process ? await outOfMemory(host, run.process.pid, options) : null,
  });
}

/** Ends that leave neither a status nor an event. */
function earlyEnd(host: Host, run: RunRecord, exit: VmmExit | null, events: EventState | null): ExitCause | null {
  if (exit !== null || (events?.shutdown ?? null) !== null) return null;
  if (run.process === null) return exitCause('start-failed', 'the agent ended before the VMM was started', { hint: 'start the VM again: mvirt start VM' });
  if (run.process.bootId === host.processes.bootId) return null;
  return exitCause('host-reboot', 'the host was restarted while the VM ran', { hint: 'start the VM again: mvirt start VM' });
}

/** The kernel's line about this pid, such as "Out of memory: Killed process 123 (qemu-system-x86)". */
async function outOfMemory(host: Host, pid: number, { signal }: CallOptions): Promise<string | null> {
  const program = host.programs.find('dmesg');
  if (program === null) return null;
  try {
    const { stdout } = await host.programs.run([program, '--notime', '--level', 'err,warn,info'], { timeoutMs: 500, ...(signal ? { signal } : {}) });
    return stdout.split('\n').findLast((line) => /out of memory/i.test(line) && line.includes(`Killed process ${pid} `)) ?? null;
  } catch {
    // No right to read the kernel's log: the hint of the cause names the command that does.
    return null;
  }
}
