import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';
import { createEventReader, type EventReader, seenSchemaOf } from '../event-reader.ts';
import { type EventFact, type EventState, eventSeparator, eventStateSchema, newEventState, readEvent } from './events.ts';
import { filesOf } from './run-files.ts';

export type EventFile = EventReader<EventState, EventFact>;

const seenSchema = seenSchemaOf<EventState>(eventStateSchema);

type Run = Pick<RunRecord, 'runDir' | 'runId'>;

/** The file of --event-monitor, which goes on without an agent, read from where the last one ended. */
export function openEventFile(run: Run, files: Pick<HostFiles, 'punchHole'>): EventFile {
  const { eventsOut, eventsSeen } = filesOf(run);
  return createEventReader<EventState, EventFact>({
    path: join(run.runDir, eventsOut),
    seenPath: join(run.runDir, eventsSeen),
    seenSchema,
    newState: newEventState,
    separator: eventSeparator,
    read: readEvent,
    files,
  });
}

/** Before a spawn, so that it can be watched: the VMM empties it and goes on in the same file. */
export function makeEventFile(run: Run, files: Pick<HostFiles, 'punchHole'>): EventFile {
  writeFileSync(join(run.runDir, filesOf(run).eventsOut), '', { mode: 0o600, flag: 'wx' });
  return openEventFile(run, files);
}
