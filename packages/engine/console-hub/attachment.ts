import type { ConsoleLog } from '@mvirt/store';
import type { ConsoleMessage, ConsoleStart } from '../services.ts';
import type { ConsoleLogFile } from './console-log.ts';
import { nowhere, type Position, toCursor } from './position.ts';
import { startPosition } from './start-position.ts';

const maxMessageBytes = 64 * 1024;

export type AttachmentDeps = {
  log: ConsoleLogFile;
  running: () => boolean;
  from: ConsoleStart;
  /** Where the log ended when the attachment was asked for: what lies below is history. */
  end: Position;
  signal: AbortSignal;
};

type Run = ConsoleLog['runs'][number];

/** What the viewer knows of the VM's runs. */
type Told = { runId: string | null; running: boolean };

/**
 * One viewer's stream. It holds a position and nothing else: every viewer reads the file at its own pace, so one that
 * stalls costs no memory. Ends at the abort.
 */
export async function* streamConsole({ log, running, from, end, signal }: AttachmentDeps): AsyncGenerator<ConsoleMessage> {
  let position = await startPosition(log, from, end);
  let told: Told | null = null;
  while (!signal.aborted) {
    const version = log.wakeup.version();
    const runs = running();
    if (told === null && isLive(log, position, end)) {
      yield { kind: 'live', cursor: toCursor(position) };
      // A viewer takes the VM for running, as one that resumes does; that one that never ran does not run is no news.
      told = { runId: runAt(log.record(), position), running: position.logId !== nowhere.logId };
      continue;
    }
    const next: Run | null = told === null ? null : nextRun(log.record(), position, told);
    if (told !== null && next !== null && next.offset <= position.offset) {
      if (told.running) yield { kind: 'run', running: false, cursor: toCursor(position) };
      yield { kind: 'run', running: true, cursor: toCursor(position) };
      told = { runId: next.runId, running: true };
      continue;
    }
    const stopAt = next?.offset ?? (told === null && position.logId === end.logId ? end.offset : Number.POSITIVE_INFINITY);
    // Past the end of what was history (a cursor from elsewhere): read() says what is to be done.
    const room = stopAt > position.offset ? stopAt - position.offset : maxMessageBytes;
    const chunk = await log.read(position, Math.min(maxMessageBytes, room));
    switch (chunk.kind) {
      case 'data':
        position = { logId: position.logId, offset: position.offset + chunk.bytes.length };
        yield { kind: 'data', bytes: chunk.bytes, cursor: toCursor(position) };
        break;
      case 'moved':
        position = chunk.to;
        if (told !== null) told = { ...told, runId: runAt(log.record(), position) };
        // What is printed first, after an attachment to a VM without a log: nothing was lost.
        if (chunk.reason === 'dropped' && chunk.lostBytes === 0) break;
        yield { kind: 'resync', cursor: toCursor(position), lostBytes: chunk.lostBytes, reason: chunk.reason };
        break;
      case 'end':
        if (told !== null && told.running !== runs) {
          told = { ...told, running: runs };
          yield { kind: 'run', running: runs, cursor: toCursor(position) };
          break;
        }
        await log.wakeup.wait(version, { signal });
    }
  }
}

function isLive(log: ConsoleLogFile, position: Position, end: Position): boolean {
  if (position.logId === end.logId) return position.offset >= end.offset && position.offset <= log.newest().offset;
  const order = log.segments().map((segment) => segment.logId);
  const [at, endAt] = [order.indexOf(position.logId), order.indexOf(end.logId)];
  // An unknown place is left by the next read, and may lead back into history.
  return at >= 0 && at > endAt;
}

/** The run that printed the byte there, or will. */
function runAt(record: ConsoleLog | null, position: Position): string | null {
  if (record === null || record.logId !== position.logId) return null;
  return record.runs.findLast((run) => run.offset <= position.offset)?.runId ?? null;
}

function nextRun(record: ConsoleLog | null, position: Position, told: Told): Run | null {
  if (record === null || record.logId !== position.logId) return null;
  return record.runs[record.runs.findIndex((run) => run.runId === told.runId) + 1] ?? null;
}
