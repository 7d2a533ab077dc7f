import type { RunRecord } from '@mvirt/domain';

/** QEMU's files in a run directory, beside those of every VMM. */
export type RunFiles = { events: string; eventsIn: string; eventsOut: string; eventsSeen: string; exit: string; nvram: string };

/** Names of this run's own files, relative to the run directory; another run's never mix with them. */
export function filesOf(run: Pick<RunRecord, 'runId'>): RunFiles {
  const events = `events-${run.runId}`;
  return { events, eventsIn: `${events}.in`, eventsOut: `${events}.out`, eventsSeen: `${events}.seen`, exit: `exit-${run.runId}`, nvram: 'nvram.fd' };
}
