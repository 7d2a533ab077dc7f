import { constants, ftruncateSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, MvirtError, type VmId } from '@mvirt/domain';
import { type HostFiles, openPlain, openToAppend, runFiles } from '@mvirt/host';
import type { ConsoleLog, Store } from '@mvirt/store';
import { createBlockFile } from './block-file.ts';
import { findKept, removeKept, rotateFile, type Segment } from './kept-log.ts';
import { type FileState, isReplaced, newRecord, withEnd, withGrowth, withKeptFrom, withRun } from './log-record.ts';
import { nowhere, type Position } from './position.ts';
import { createWakeup, type Wakeup } from './wakeup.ts';

/** moved: the position is not to be had any more; the stream goes on at `to`. */
export type Chunk =
  | { kind: 'data'; bytes: Uint8Array }
  | { kind: 'end' }
  | { kind: 'moved'; to: Position; lostBytes: number | null; reason: 'dropped' | 'replaced' };

/** One VM's console.log: what it is, how far it goes, what of it is kept. Bytes stay in the file; nothing here grows with it. */
export interface ConsoleLogFile {
  readonly path: string;
  /** Woken when the file grew, was cut or replaced. */
  readonly wakeup: Wakeup;
  /** null: there is no file. */
  record(): ConsoleLog | null;
  /** Oldest first: what an earlier rotation kept, and the log. */
  segments(): Segment[];
  oldest(): Position;
  newest(): Position;
  blockBytes(): number;
  /** Looks at the file; true: it changed since the last look. Never throws. */
  look(): boolean;
  /** Makes the file, or keeps it, and notes where the run begins; durable. @throws STORE_ERROR, DISK_FULL */
  beginRun(run: { runId: string; runDir: string }): void;
  /** Nothing more comes until the next run. */
  endRun(): void;
  /** When it was last seen to change. */
  seenAtMs(): number;
  read(position: Position, maxBytes: number): Promise<Chunk>;
  /** Frees what lies below the offset. refused: the filesystem cannot. @throws STORE_ERROR, DISK_FULL: then nothing was freed. */
  dropBelow(offset: number): 'done' | 'refused';
  /** For filesystems that cannot: begins a new log, and keeps at most the last `keepBytes` of this one beside it. */
  rotate(keepBytes: number): Promise<void>;
  /** Stores what has changed. Never throws: it is tried again at the next save. */
  save(): void;
  /** The VM was deleted, and its record with it: nothing is stored any more. */
  disown(): void;
  /** Nobody reads now: lets go of the descriptor and of the last block. */
  rest(): void;
  close(): void;
}

export type ConsoleLogDeps = {
  store: Pick<Store, 'consoles'>;
  files: Pick<HostFiles, 'punchHole'>;
  clock: Pick<Clock, 'nowMs'>;
  warn: (message: string, error: unknown) => void;
  vmId: VmId;
  directory: string;
};

export function createConsoleLog({ store, files, clock, warn, vmId, directory }: ConsoleLogDeps): ConsoleLogFile {
  const path = join(directory, runFiles.console);
  const wakeup = createWakeup();
  let stored = store.consoles.get(vmId);
  let record: ConsoleLog | null = null;
  let dirty = false;
  let owned = true;
  let closed = false;
  let blockBytes = 4096;
  let seenAtMs = clock.nowMs();
  let current: Segment | null = null;
  let kept: Segment | null = findKept(directory);
  /** The block read last: viewers that follow together read it once. */
  let hot: { segment: Segment; offset: number; bytes: Promise<Uint8Array> } | null = null;

  const putNow = (next: ConsoleLog) => {
    store.consoles.put(next);
    record = next;
    dirty = false;
  };
  const save = () => {
    if (record === null || !dirty || !owned) return;
    try {
      putNow(record);
    } catch (error) {
      warn('the state of its console log was not stored; trying again', error);
    }
  };
  const forget = () => {
    current?.file.close();
    current = null;
    hot = null;
  };
  const hold = (next: ConsoleLog) => {
    record = next;
    const { logId, keptFrom: from, knownSize: to } = next;
    current ??= { logId, from, to, base: 0, file: createBlockFile(path, next.inode) };
    current.from = from;
    current.to = to;
  };
  const dropKept = () => {
    kept?.file.close();
    kept = null;
    removeKept(directory);
  };
  const begin = (file: FileState, before: ConsoleLog | null) => {
    forget();
    // What is kept leads on to this log only where it is the end of the one before.
    if (kept !== null && kept.logId !== before?.logId) dropKept();
    const run = before?.runs.at(-1);
    hold({ ...newRecord(vmId, file, clock.nowMs()), runs: run === undefined ? [] : [{ ...run, offset: 0 }] });
    seenAtMs = clock.nowMs();
    dirty = true;
    save();
    wakeup.wake();
  };
  const vanish = () => {
    if (record === null) return false;
    stored = record;
    record = null;
    forget();
    wakeup.wake();
    return true;
  };
  const look = (): boolean => {
    const file = fileState(path);
    if (file === null) return vanish();
    blockBytes = file.blockBytes;
    const known = record ?? stored;
    if (known === null || isReplaced(known, file)) {
      if (known !== null) {
        warn(`its console log was cut or replaced from outside (it has ${file.size} bytes, ${known.knownSize} were known): a new log begins`, null);
      }
      begin(file, known);
      return true;
    }
    if (file.size === known.knownSize) {
      if (record === null) hold(known);
      return false;
    }
    // At the first look nobody knows when the file grew: no entry of the index is made up.
    hold(record === null ? { ...known, knownSize: file.size } : withGrowth(known, file.size, seenAtMs));
    seenAtMs = clock.nowMs();
    dirty = true;
    wakeup.wake();
    return true;
  };

  const segments = () => [kept, current].filter((segment) => segment !== null);
  const find = (logId: string) => segments().find((segment) => segment.logId === logId);
  const oldest = (): Position => {
    const first = segments()[0];
    return first === undefined ? nowhere : { logId: first.logId, offset: first.from };
  };
  const newest = (): Position => {
    const last = segments().at(-1);
    return last === undefined ? nowhere : { logId: last.logId, offset: last.to };
  };
  const block = (segment: Segment, offset: number, length: number): Promise<Uint8Array> => {
    if (hot !== null && hot.segment === segment && hot.offset === offset) return hot.bytes;
    const bytes = segment.file.read(offset - segment.base, length);
    hot = { segment, offset, bytes };
    return bytes;
  };
  /** null: look again, something changed meanwhile. */
  const readOnce = async (position: Position, maxBytes: number): Promise<Chunk | null> => {
    if (closed) return { kind: 'end' };
    const { logId, offset } = position;
    const segment = find(logId);
    if (segment === undefined && logId === nowhere.logId) {
      const to = oldest();
      return to.logId === logId ? { kind: 'end' } : { kind: 'moved', to, lostBytes: to.offset, reason: 'dropped' };
    }
    if (segment === undefined || offset > segment.to) return { kind: 'moved', to: oldest(), lostBytes: null, reason: 'replaced' };
    if (offset < segment.from) return { kind: 'moved', to: { logId, offset: segment.from }, lostBytes: segment.from - offset, reason: 'dropped' };
    if (offset === segment.to) {
      const next = segment === kept ? current : null;
      return next === null ? { kind: 'end' } : { kind: 'moved', to: { logId: next.logId, offset: next.from }, lostBytes: next.from, reason: 'replaced' };
    }
    try {
      const read = await block(segment, offset, Math.min(maxBytes, segment.to - offset));
      // Read first, then asked whether it still counts: a hole reads as NULs, a cut file as what came later.
      const still = find(logId);
      if (still !== segment || offset < still.from) return null;
      if (read.length > 0) return { kind: 'data', bytes: read.length > maxBytes ? read.subarray(0, maxBytes) : read };
    } catch (error) {
      if (closed) return { kind: 'end' };
      if (hot?.segment === segment) hot = null;
      if (find(logId) === segment && !look()) throw new MvirtError({ code: 'INTERNAL', message: `${path} could not be read`, cause: error });
      return null;
    }
    hot = null;
    return look() ? null : { kind: 'end' };
  };

  look();
  // A rotation that was cut short before it emptied the log: all is still there.
  if (newest().logId === kept?.logId) dropKept();

  return {
    path,
    wakeup,
    record: () => record,
    segments,
    oldest,
    newest,
    blockBytes: () => blockBytes,
    look,
    beginRun({ runId }) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      openToAppend(path)[Symbol.dispose]();
      look();
      if (record === null) throw new MvirtError({ code: 'FILE_NOT_FOUND', message: `${path} was removed while it was being made` });
      if (record.runs.at(-1)?.runId === runId) return save();
      const next = withRun(record, runId, clock.nowMs());
      putNow(next);
      hold(next);
      wakeup.wake();
    },
    endRun() {
      look();
      if (record === null) return;
      record = withEnd(record, seenAtMs);
      dirty = true;
      save();
    },
    seenAtMs: () => seenAtMs,
    async read(position, maxBytes) {
      for (;;) {
        const chunk = await readOnce(position, maxBytes);
        if (chunk !== null) return chunk;
      }
    },
    dropBelow(offset) {
      if (record === null || offset <= record.keptFrom) return 'done';
      const next = withKeptFrom(record, offset);
      // Before the hole: who reads NULs there later knows that they are none of the guest's.
      putNow(next);
      hold(next);
      return files.punchHole(path, offset);
    },
    async rotate(keepBytes) {
      if (record === null) return;
      const { logId, knownSize, keptFrom } = record;
      const from = Math.max(keptFrom, knownSize - keepBytes);
      const onCut = (rotated: Segment | null) => {
        kept?.file.close();
        kept = rotated;
        const file = fileState(path);
        if (file !== null) begin(file, record);
      };
      try {
        await rotateFile({ directory, path, logId, from, onCut });
      } catch (error) {
        warn('the older part of its console log could not be kept', error);
        removeKept(directory);
        empty(path);
        onCut(null);
      }
    },
    save,
    disown() {
      owned = false;
    },
    rest() {
      forget();
      if (record !== null) hold(record);
    },
    close() {
      save();
      closed = true;
      current?.file.close();
      kept?.file.close();
    },
  };
}

function fileState(path: string): FileState | null {
  try {
    const stat = lstatSync(path);
    return stat.isFile() ? { inode: stat.ino, size: stat.size, blockBytes: stat.blksize } : null;
  } catch {
    // Not there, or out of reach: either way nothing of it can be read now.
    return null;
  }
}

function empty(path: string): void {
  using file = openPlain(path, constants.O_WRONLY);
  ftruncateSync(file.fd, 0);
}
