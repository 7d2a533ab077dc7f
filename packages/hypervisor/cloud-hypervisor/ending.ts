import type { ExitCause, RunRecord } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { CallOptions } from '../driver.ts';
import { settleEnding } from '../ending.ts';
import type { EventState } from './events.ts';
import { causeOfEnding } from './exit-cause.ts';
import { filesOf } from './run-files.ts';

/** Settles the cause of a VMM's end, once it has ended. */
export const settleCloudHypervisor = (host: Host, run: RunRecord, events: EventState, options: CallOptions): Promise<ExitCause> =>
  settleEnding(host, run, {
    ...options,
    exitFile: filesOf(run).exit,
    told: events.off || events.vmmEnded || events.panicked,
    judge: (facts) => causeOfEnding(events, facts),
  });
