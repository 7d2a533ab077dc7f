import { type ExitCause, exitCause } from '@mvirt/domain';
import type { VmmExit } from '@mvirt/host';
import type { EventState } from './events.ts';

export type Ending = {
  /** null: the events file could not be read. */
  events: Pick<EventState, 'shutdown' | 'panicked'> | null;
  /** null: the shim wrote nothing. */
  exit: VmmExit | null;
  hypervisorTail: string | null;
  consoleTail: string | null;
  /** The kernel's own words, where it killed the VMM for want of memory. */
  outOfMemory: string | null;
};

/** How a run ended, from what QEMU said, how it exited and what the kernel said. QEMU exits 0 for a guest's power-off, quit and SIGTERM alike. */
export function causeOfEnding(ending: Ending): ExitCause {
  const { events, exit, hypervisorTail, consoleTail } = ending;
  const tails = { hypervisorTail, consoleTail };
  const status = { exitStatus: exit?.status ?? null, signal: exit?.signal ?? null };
  if (events?.panicked || events?.shutdown === 'guest-panic') {
    return exitCause('guest-panic', 'the guest panicked', { ...status, ...tails, hint: "the console's last lines say why" });
  }
  if (events?.shutdown === 'guest-shutdown') return exitCause('guest-power-off', 'the guest powered off', status);
  if (events?.shutdown === 'host-qmp-quit') return exitCause('powered-off', 'powered off', status);
  if (events?.shutdown === 'host-signal') {
    return exitCause('vmm-exit', 'QEMU was asked to end by a signal', { ...status, ...tails, hint: 'another program on this host sent it' });
  }
  if (exit === null) {
    return exitCause('not-observable', 'VMM ended, status not observable', { ...tails, hint: 'its shim was ended as well' });
  }
  if (exit.signal !== null) return bySignal(exit.signal, ending);
  if (exit.status !== 0)
    return exitCause('vmm-exit', `QEMU exited with status ${exit.status}`, { ...status, ...tails, hint: 'mvirt logs VM shows what it said' });
  return exitCause('vmm-exit', 'QEMU exited with status 0 and gave no reason', { ...status, ...tails, hint: 'was the filesystem of the run directory full?' });
}

function bySignal(signal: string, { outOfMemory, hypervisorTail, consoleTail }: Ending): ExitCause {
  const more = { signal, hypervisorTail, consoleTail };
  if (outOfMemory !== null) {
    return exitCause('out-of-memory', `the kernel killed the VMM for want of memory: ${outOfMemory}`, {
      ...more,
      hint: 'give the VMs less memory, or the host more',
    });
  }
  return exitCause('vmm-signal', `VMM ended by signal ${signal}`, { ...more, hint: hints[signal] ?? null });
}

const hints: Record<string, string> = {
  SIGKILL: 'somebody killed it, or a memory limit did: see journalctl -k | grep -i oom',
  SIGSYS: "QEMU's sandbox refused a system call: see journalctl -k | grep -i seccomp",
  SIGSEGV: 'QEMU crashed: mvirt logs VM shows its last words',
  SIGABRT: 'QEMU gave up: mvirt logs VM shows its last words',
};
