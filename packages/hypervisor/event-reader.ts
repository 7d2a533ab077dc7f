import { readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type HostFiles, openPlain, type PlainFile, readPlain } from '@mvirt/host';
import { z } from 'zod';

/** Reads a file that a VMM writes its events to, over any number of agents: each event is told once. */
export type EventReader<State, Fact> = {
  /** Reads what is new, tells it, and notes durably that it was told; false: there was nothing. */
  drain(tell: (fact: Fact) => void): boolean;
  state(): State;
  /** Replaces the state, durably, before it answers. */
  note(state: State): void;
  /** Something was read, by this agent or an earlier one. */
  started(): boolean;
};

/** offset: bytes of the file that were told. */
export type Seen<State> = { offset: number; state: State };

export const seenSchemaOf = <State>(state: z.ZodType<State>): z.ZodType<Seen<State>> => z.object({ offset: z.number().int().nonnegative(), state });

export type EventReaderDeps<State, Fact> = {
  path: string;
  /** Where offset and state are kept for the next agent. */
  seenPath: string;
  /** Made once for all VMs (`seenSchemaOf`): to build a schema takes longer than to read a file with it. */
  seenSchema: z.ZodType<Seen<State>>;
  newState: () => State;
  /** What ends a record. */
  separator: string;
  /** What one record says, and the state after it. */
  read(record: string, state: State): { state: State; facts: Fact[] };
  files: Pick<HostFiles, 'punchHole'>;
};

const chunkBytes = 64 * 1024;
const mostRecordBytes = 1024 * 1024;
/** Told events are given back to the filesystem in steps of this size: a guest may reset for ever. */
const punchBytes = 1024 * 1024;

export function createEventReader<State, Fact>(deps: EventReaderDeps<State, Fact>): EventReader<State, Fact> {
  const { path, seenPath, seenSchema, newState, separator, read, files } = deps;
  let seen = readSeen();
  let punched = 0;

  function readSeen(): Seen<State> {
    try {
      return seenSchema.parse(JSON.parse(readPlain(seenPath) ?? ''));
    } catch {
      // Not there yet, or not ours: all events are read from the start.
      return { offset: 0, state: newState() };
    }
  }

  /** By rename: a reader never finds half of it. A crash before it tells the same events once more. */
  const keep = (): void => {
    try {
      rmSync(`${seenPath}.part`, { force: true });
      writeFileSync(`${seenPath}.part`, JSON.stringify(seen), { mode: 0o600, flag: 'wx' });
      renameSync(`${seenPath}.part`, seenPath);
      if (seen.offset - punched < punchBytes) return;
      punched = seen.offset;
      files.punchHole(path, punched);
    } catch {
      // No room, or the run directory is being removed: another agent would hear these events again, which harms nothing.
    }
  };

  return {
    state: () => seen.state,
    started: () => seen.offset > 0,
    note(state) {
      seen = { ...seen, state };
      keep();
    },
    drain(tell) {
      const before = seen.offset;
      for (const { record, end } of recordsFrom(path, before, separator)) {
        const { state, facts } = read(record, seen.state);
        seen = { offset: end, state };
        for (const fact of facts) tell(fact);
      }
      if (seen.offset === before) return false;
      keep();
      return true;
    },
  };
}

/** Whole records from an offset on; one that is still being written is left for the next time. */
function* recordsFrom(path: string, from: number, separator: string): Generator<{ record: string; end: number }> {
  using file = openBeyond(path, from);
  if (file === null) return;
  let offset = from;
  let held = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.alloc(chunkBytes);
    const count = readSync(file.fd, chunk, 0, chunkBytes, offset + held.length);
    if (count === 0) return;
    held = Buffer.concat([held, chunk.subarray(0, count)]);
    // No VMM writes such a record: what this is cannot be trusted, and must not fill our memory.
    if (held.length > mostRecordBytes && !held.includes(separator)) return;
    for (let at = held.indexOf(separator); at >= 0; at = held.indexOf(separator)) {
      const length = at + separator.length;
      offset += length;
      yield { record: held.subarray(0, at).toString('utf8'), end: offset };
      held = held.subarray(length);
    }
  }
}

/** null: nothing lies beyond the offset. */
function openBeyond(path: string, offset: number): PlainFile | null {
  try {
    const file = openPlain(path);
    if (file.state.size > offset) return file;
    file[Symbol.dispose]();
    return null;
  } catch {
    // Taken away with its run.
    return null;
  }
}
