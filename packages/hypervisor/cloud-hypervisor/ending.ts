import { join } from 'node:path';
import { type ExitCause, exitCause, type RunRecord } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { CallOptions } from '../driver.ts';
import { settleEnding, withoutTrace } from '../ending.ts';
import { tailOf } from '../tail.ts';
import type { EventState } from './events.ts';
import { causeOfEnding } from './exit-cause.ts';
import { filesOf } from './run-files.ts';

/** Settles the cause of a VMM's end, once it has ended. */
export const settleCloudHypervisor = (host: Host, run: RunRecord, events: EventState, options: CallOptions): Promise<ExitCause> =>
  run.foreign
    ? Promise.resolve(causeOfForeignEnd(host, run, events))
    : settleEnding(host, run, {
        ...options,
        exitFile: filesOf(run).exit,
        told: events.off || events.vmmEnded || events.panicked,
        judge: (facts) => causeOfEnding(events, facts),
      });

/** What the Rust daemon has its VMMs write their messages to, in the run directory. */
const foreignMessages = 'cloud-hypervisor.stderr';

/**
 * Without a shim, without --no-shutdown and without events, a guest's power-off and a crash look alike: only that we asked
 * it to end is known, since that is noted before it is asked.
 */
function causeOfForeignEnd(host: Host, run: RunRecord, { ending }: EventState): ExitCause {
  const early = withoutTrace(host, run);
  if (early) return early;
  if (ending === 'power-off') return exitCause('powered-off', 'powered off');
  return exitCause('not-observable', 'VMM ended, status not observable: another daemon had started it', {
    hint: "its guest may have powered off: the console's last lines may say; start it again: mvirt start VM",
    hypervisorTail: tailOf(join(run.runDir, foreignMessages), { lines: 20 }),
  });
}
