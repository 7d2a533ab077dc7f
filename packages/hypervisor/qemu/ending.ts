import type { ExitCause, RunRecord } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { CallOptions } from '../driver.ts';
import { settleEnding } from '../ending.ts';
import type { EventState } from './events.ts';
import { causeOfEnding } from './exit-cause.ts';
import { filesOf } from './run-files.ts';

/** Settles the cause of a QEMU's end, once it has ended. */
export const settleQemu = (host: Host, run: RunRecord, events: EventState | null, options: CallOptions): Promise<ExitCause> =>
  settleEnding(host, run, {
    ...options,
    exitFile: filesOf(run).exit,
    told: (events?.shutdown ?? null) !== null,
    judge: (facts) => causeOfEnding({ events, ...facts }),
  });
