import { closeSync, constants, existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';
import { z } from 'zod';
import { createEventReader, seenSchemaOf } from '../event-reader.ts';
import { type EventFact, type EventState, newEventState, readEvent } from './events.ts';
import { parseLine, type QmpEvent } from './qmp-replies.ts';
import { filesOf } from './run-files.ts';

/**
 * QEMU's second monitor: a FIFO that already holds the one command it needs, and a plain file that every event goes to,
 * agent or no agent (chardev pipe of QEMU; tried on 7.2).
 */
export type EventFile = {
  /** Reads what is new, tells it, and notes durably that it was told; false: there was nothing. */
  drain(tell: (fact: EventFact) => void): boolean;
  /** The file has told this event already, or never will: it was taken away, and nothing is to be waited for. */
  has(event: QmpEvent): 'told' | 'not yet' | 'no file';
  /** An event that came another way and that the file does not have: told, and not once more should the file have it later. */
  hear(event: QmpEvent, tell: (fact: EventFact) => void): void;
  state(): EventState;
  /** QEMU has taken the command: the FIFO need not be held any more. */
  letGoOfInput(): void;
  [Symbol.dispose](): void;
};

/** More than QEMU says in the time that an event may take from one of its monitors to the other. */
const recentEvents = 256;

const negotiation = '{"execute":"qmp_capabilities"}\n';

const seenSchema = seenSchemaOf<EventState>(
  z.object({
    paused: z.boolean(),
    pausedAtMs: z.number(),
    panicked: z.boolean(),
    shutdown: z.string().nullable(),
    lastResetMs: z.number(),
    toldResetMs: z.number(),
  }),
);

/** Before a spawn: makes the pair, the FIFO held open with its command in it until QEMU has it. */
export function makeEventFile(run: Pick<RunRecord, 'runDir' | 'runId'>, files: Pick<HostFiles, 'makeFifo' | 'punchHole'>): EventFile {
  const { eventsIn, eventsOut } = filesOf(run);
  files.makeFifo(join(run.runDir, eventsIn));
  writeFileSync(join(run.runDir, eventsOut), '', { mode: 0o600, flag: 'wx' });
  const file = openEventFile(run, files);
  return file;
}

/** The pair of a run that began earlier, read from where the last agent ended. */
export function openEventFile(run: Pick<RunRecord, 'runDir' | 'runId'>, files: Pick<HostFiles, 'punchHole'>): EventFile {
  const names = filesOf(run);
  let answered = false;
  const told = createRecent();
  const path = join(run.runDir, names.eventsOut);
  const reader = createEventReader<EventState, EventFact>({
    path,
    seenPath: join(run.runDir, names.eventsSeen),
    seenSchema,
    newState: newEventState,
    separator: '\n',
    read(line, state) {
      const parsed = parseLine(line.trimEnd());
      if (parsed?.kind === 'return') answered = true;
      return parsed?.kind === 'event' && told.add(parsed.event) ? readEvent(state, parsed.event) : { state, facts: [] };
    },
    files,
  });
  let input = reader.started() ? null : offerNegotiation(join(run.runDir, names.eventsIn));

  const letGoOfInput = (): void => {
    if (input !== null) closeSync(input);
    input = null;
  };

  return {
    state: reader.state,
    letGoOfInput,
    drain(tell) {
      const isNew = reader.drain(tell);
      if (answered) letGoOfInput();
      return isNew;
    },
    has(event) {
      if (told.has(event)) return 'told';
      return existsSync(path) ? 'not yet' : 'no file';
    },
    hear(event, tell) {
      if (!told.add(event)) return;
      const { state, facts } = readEvent(reader.state(), event);
      reader.note(state);
      for (const fact of facts) tell(fact);
    },
    [Symbol.dispose]: letGoOfInput,
  };
}

/** The last events: one that both of QEMU's monitors were sent has the same time, to the microsecond, in both. */
function createRecent(): { has(event: QmpEvent): boolean; add(event: QmpEvent): boolean } {
  const keys = new Set<string>();
  const keyOf = ({ event, atMs, data }: QmpEvent): string => `${event} ${atMs} ${JSON.stringify(data)}`;
  return {
    has: (event) => keys.has(keyOf(event)),
    add(event) {
      const key = keyOf(event);
      if (keys.has(key)) return false;
      keys.add(key);
      const [oldest] = keys;
      if (keys.size > recentEvents && oldest !== undefined) keys.delete(oldest);
      return true;
    },
  };
}

/** Puts the command into the FIFO (again: QEMU only refuses a second one). null where there is no FIFO. */
function offerNegotiation(path: string): number | null {
  try {
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    writeSync(fd, negotiation);
    return fd;
  } catch {
    // The run was never prepared this far, or its files were taken away: its events cannot be had.
    return null;
  }
}
