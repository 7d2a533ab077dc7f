import type { RunRecord } from '@mvirt/domain';

/** cloud-hypervisor's files in a run directory, beside those of every VMM. */
export type RunFiles = { eventsOut: string; eventsSeen: string; exit: string };

/** Names of this run's own files, relative to the run directory; another run's never mix with them. */
export function filesOf(run: Pick<RunRecord, 'runId'>): RunFiles {
  const events = `events-${run.runId}`;
  return { eventsOut: `${events}.out`, eventsSeen: `${events}.seen`, exit: `exit-${run.runId}` };
}
