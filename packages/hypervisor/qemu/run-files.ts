import type { RunRecord } from '@mvirt/domain';
import { runFiles } from '@mvirt/host';

/** QEMU's files in a run directory, beside those of every VMM. */
export const qmpSocket = 'qmp.sock';

export type RunFiles = { events: string; eventsIn: string; eventsOut: string; eventsSeen: string; exit: string; nvram: string };

/** Names of this run's own files, relative to the run directory; another run's never mix with them. */
export function filesOf(run: Pick<RunRecord, 'runId'>): RunFiles {
  const events = `events-${run.runId}`;
  return { events, eventsIn: `${events}.in`, eventsOut: `${events}.out`, eventsSeen: `${events}.seen`, exit: `exit-${run.runId}`, nvram: 'nvram.fd' };
}

/** Files of earlier runs, which a new run takes away. The logs stay. */
export const isRunFile = (name: string): boolean => /^(events-.*\.(in|out|seen|seen\.part)|exit-.*)$/.test(name) || ownFiles.includes(name);

const ownFiles: string[] = [qmpSocket, 'nvram.fd', runFiles.fifo, runFiles.pid];
