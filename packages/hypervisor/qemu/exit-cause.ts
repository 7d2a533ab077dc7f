import { type ExitCause, exitCause } from '@mvirt/domain';
import { endWithoutWords } from '../end-without-words.ts';
import type { EndingFacts } from '../ending.ts';
import type { EventState } from './events.ts';

export type Ending = EndingFacts & {
  /** null: the events file could not be read. */
  events: Pick<EventState, 'shutdown' | 'panicked'> | null;
};

/** How a run ended, from what QEMU said, how it exited and what the kernel said. QEMU exits 0 for a guest's power-off, quit and SIGTERM alike. */
export function causeOfEnding({ events, ...facts }: Ending): ExitCause {
  const { exit, hypervisorTail, consoleTail } = facts;
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
  return endWithoutWords('QEMU', facts);
}
