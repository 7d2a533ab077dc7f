import { type ExitCause, exitCause } from '@mvirt/domain';
import { endWithoutWords } from '../end-without-words.ts';
import type { EndingFacts } from '../ending.ts';
import type { EventState } from './events.ts';

/**
 * How a run ended, from what cloud-hypervisor said, why it was asked to end and how it exited. A guest's power-off, a
 * request and SIGTERM all say vm/shutdown and exit 0: who asked for the end is what tells them apart.
 */
export function causeOfEnding(events: EventState, facts: EndingFacts): ExitCause {
  const { exit, hypervisorTail, consoleTail } = facts;
  const tails = { hypervisorTail, consoleTail };
  const status = { exitStatus: exit?.status ?? null, signal: exit?.signal ?? null };
  if (events.panicked) return exitCause('guest-panic', 'the guest panicked', { ...status, ...tails, hint: "the console's last lines say why" });
  const guestOff = events.off && !events.vmmEnded;
  if (events.ending === 'guest-off' || (guestOff && events.ending === null)) return exitCause('guest-power-off', 'the guest powered off', status);
  // Another thread writes the events, and an exit may overtake it (seen on v53.0 under load).
  if (events.ending === 'power-off' && (events.off || events.vmmEnded || exit?.status === 0)) return exitCause('powered-off', 'powered off', status);
  if (events.vmmEnded) {
    const hint = 'another program on this host sent it';
    return exitCause('vmm-exit', 'cloud-hypervisor was asked to end by a signal', { ...status, ...tails, hint });
  }
  return endWithoutWords('cloud-hypervisor', facts);
}
