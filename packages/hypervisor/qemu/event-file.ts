import { closeSync, constants, existsSync, openSync, readFileSync, readSync, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';
import { z } from 'zod';
import { type EventFact, type EventState, newEventState, readEvent } from './events.ts';
import { parseLine, type QmpEvent } from './qmp-replies.ts';
import { filesOf } from './run-files.ts';

/**
 * QEMU's second monitor: a FIFO that already holds the one command it needs, and a plain file that every event goes to,
 * agent or no agent (chardev pipe of QEMU; tried on 7.2).
 */
export type EventFile = {
  /** Reads what is new, tells it, and notes durably that it was told. */
  drain(tell: (fact: EventFact) => void): void;
  /** An event that came another way counts where the file was taken away, and is told; else the file tells it. */
  hear(event: QmpEvent, tell: (fact: EventFact) => void): void;
  state(): EventState;
  /** QEMU has taken the command: the FIFO need not be held any more. */
  letGoOfInput(): void;
  [Symbol.dispose](): void;
};

const negotiation = '{"execute":"qmp_capabilities"}\n';
const chunkBytes = 64 * 1024;
const mostLineBytes = 1024 * 1024;
/** Told events are given back to the filesystem in steps of this size: a guest may reset for ever. */
const punchBytes = 1024 * 1024;

const seenSchema = z.object({
  offset: z.number().int().nonnegative(),
  state: z.object({
    paused: z.boolean(),
    pausedAtMs: z.number(),
    panicked: z.boolean(),
    shutdown: z.string().nullable(),
    lastResetMs: z.number(),
    toldResetMs: z.number(),
  }),
});
type Seen = z.output<typeof seenSchema>;

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
  const outPath = join(run.runDir, names.eventsOut);
  const seenPath = join(run.runDir, names.eventsSeen);
  let seen = readSeen(seenPath);
  let punched = 0;
  let answered = seen.offset > 0;
  let input = answered ? null : offerNegotiation(join(run.runDir, names.eventsIn));

  const letGoOfInput = (): void => {
    if (input !== null) closeSync(input);
    input = null;
  };

  /** By rename: a reader never finds half of it. A crash before it tells the same events once more. */
  const note = (): void => {
    try {
      writeFileSync(`${seenPath}.part`, JSON.stringify(seen), { mode: 0o600 });
      renameSync(`${seenPath}.part`, seenPath);
      if (seen.offset - punched < punchBytes) return;
      punched = seen.offset;
      files.punchHole(outPath, punched);
    } catch {
      // No room, or the run directory is being removed: another agent would hear these events again, which harms nothing.
    }
  };

  return {
    state: () => seen.state,
    letGoOfInput,
    drain(tell) {
      const before = seen.offset;
      for (const { line, end } of linesFrom(outPath, before)) {
        const parsed = parseLine(line);
        seen = { ...seen, offset: end };
        if (parsed?.kind === 'return') answered = true;
        if (parsed?.kind !== 'event') continue;
        const { state, facts } = readEvent(seen.state, parsed.event);
        seen = { offset: end, state };
        for (const fact of facts) tell(fact);
      }
      if (answered) letGoOfInput();
      if (seen.offset > before) note();
    },
    hear(event, tell) {
      if (existsSync(outPath)) return;
      const { state, facts } = readEvent(seen.state, event);
      seen = { ...seen, state };
      for (const fact of facts) tell(fact);
    },
    [Symbol.dispose]: letGoOfInput,
  };
}

/** Puts the command into the FIFO (again: QEMU only refuses a second one). null where there is no FIFO. */
function offerNegotiation(path: string): number | null {
  try {
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(fd, negotiation);
    return fd;
  } catch {
    // The run was never prepared this far, or its files were taken away: its events cannot be had.
    return null;
  }
}

function readSeen(path: string): Seen {
  try {
    return seenSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Not there yet, or not ours: all events are read from the start.
    return { offset: 0, state: newEventState() };
  }
}

/** Whole lines from an offset on; a line that is still being written is left for the next time. */
function* linesFrom(path: string, from: number): Generator<{ line: string; end: number }> {
  const fd = openBeyond(path, from);
  if (fd === null) return;
  try {
    let offset = from;
    let held = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes);
      const count = readSync(fd, chunk, 0, chunkBytes, offset + held.length);
      if (count === 0) return;
      held = Buffer.concat([held, chunk.subarray(0, count)]);
      // QEMU writes no such line: what this is cannot be trusted, and must not fill our memory.
      if (held.length > mostLineBytes && !held.includes(10)) return;
      for (let at = held.indexOf(10); at >= 0; at = held.indexOf(10)) {
        offset += at + 1;
        yield { line: held.subarray(0, at).toString('utf8'), end: offset };
        held = held.subarray(at + 1);
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** null: nothing lies beyond the offset. */
function openBeyond(path: string, offset: number): number | null {
  try {
    return statSync(path).size > offset ? openSync(path, constants.O_RDONLY) : null;
  } catch {
    // Taken away with its run.
    return null;
  }
}
