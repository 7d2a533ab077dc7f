import { type ExitCause, exitCause } from '@mvirt/domain';
import type { EndingFacts } from './ending.ts';

/** The cause of an end that no event explains, by exit status, signal and the kernel's words. name: the hypervisor's. */
export function endWithoutWords(name: string, { exit, hypervisorTail, consoleTail, outOfMemory }: EndingFacts): ExitCause {
  const tails = { hypervisorTail, consoleTail };
  if (exit === null) return exitCause('not-observable', 'VMM ended, status not observable', { ...tails, hint: 'its shim was ended as well' });
  const { status, signal } = exit;
  if (signal === null) {
    const more = { ...tails, exitStatus: status };
    if (status !== 0) return exitCause('vmm-exit', `${name} exited with status ${status}`, { ...more, hint: 'mvirt logs VM shows what it said' });
    return exitCause('vmm-exit', `${name} exited with status 0 and gave no reason`, { ...more, hint: 'was the filesystem of the run directory full?' });
  }
  if (outOfMemory !== null) {
    const hint = 'give the VMs less memory, or the host more';
    return exitCause('out-of-memory', `the kernel killed the VMM for want of memory: ${outOfMemory}`, { ...tails, signal, hint });
  }
  return exitCause('vmm-signal', `VMM ended by signal ${signal}`, { ...tails, signal, hint: hints(name)[signal] ?? null });
}

const hints = (name: string): Record<string, string> => ({
  SIGKILL: 'somebody killed it, or a memory limit did: see journalctl -k | grep -i oom',
  SIGSYS: `${name}'s sandbox refused a system call: see journalctl -k | grep -i seccomp`,
  SIGSEGV: `${name} crashed: mvirt logs VM shows its last words`,
  SIGABRT: `${name} gave up: mvirt logs VM shows its last words`,
});
